#pragma once

#include "decode/format_model.hpp"
#include "decode/formats.hpp"
#include "decode/json_parser.hpp"
#include "decode/plan.hpp"
#include "decode/walker.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace decode {

/// Tells by which format a record is to be read: what the `detect` parts of all format files say.
class Detector {
public:
    explicit Detector(const Formats& formats);

    /// The format whose recogniser with the most conditions holds, or null. `parser` is used.
    const Format* detect(std::string_view record, JsonParser& parser);
    /// The format of a text line, or null.
    [[nodiscard]] const Format* detect_line(std::string_view line) const;
    /// All that may be around a record, of all formats.
    [[nodiscard]] const std::vector<const Unwrap*>& envelopes() const noexcept {
        return envelopes_;
    }

private:
    struct Recogniser {
        const Format* format = nullptr;
        CellConditions conditions;
    };
    std::vector<Recogniser> recognisers_;
    std::vector<const Unwrap*> envelopes_;
    const Format* access_ = nullptr;
    PathTrie trie_;
    std::unique_ptr<Walker> walker_;
};

}  // namespace decode
