#pragma once

#include "decode/limits.hpp"
#include "decode/reject.hpp"
#include "decode/tape.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace decode {

/// The one JSON parser of the service: what is a record and what is in it is what this says, for
/// gate, decoder and tests, so that no two parts can read the same bytes differently. It checks the
/// whole text (RFC 8259, UTF-8, depth, numbers within 64 bits). LineWalker stands in for it where
/// it comes to the same. Not thread-safe.
class JsonParser {
public:
    explicit JsonParser(std::uint32_t max_depth);
    ~JsonParser();
    JsonParser(JsonParser&&) noexcept;

    /// Bytes behind a text that are read though not used; without them the text is copied first.
    static constexpr std::size_t padding = 64;

    /// Nothing when the text is one JSON text, which `tape` then shows. `readable_behind` is the
    /// number of bytes behind the text that belong to the same buffer.
    std::optional<RejectCode> parse(std::string_view text, std::size_t readable_behind);

    /// The same, but `\xNN` inside strings, which nginx writes without `escape=json`, is read as
    /// the byte where it makes valid UTF-8, else as the character of that number.
    std::optional<RejectCode> parse_with_x_escapes(std::string_view text);

    /// Appends a valid JSON text without the blanks and line ends between its parts.
    static void minify(std::string_view text, std::string& out);

    [[nodiscard]] const Tape& tape() const noexcept { return tape_; }

private:
    struct Library;
    std::unique_ptr<Library> library_;
    std::string copy_;
    Tape tape_;
};

/// Counts and compares keys, for what the library does not refuse: nothing, or duplicate_key or
/// too_many_keys. Keys are compared as they read, so "\u0061" and "a" are the same.
[[nodiscard]] std::optional<RejectCode> check_keys(const Tape& tape, std::uint32_t max_keys);

}  // namespace decode
