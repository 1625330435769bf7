#pragma once

#include "base/time.hpp"
#include "call/batch.hpp"
#include "call/names.hpp"
#include "decode/formats.hpp"
#include "decode/limits.hpp"
#include "decode/reject.hpp"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace decode {

/// Records of one format to calls with the slots of one Names.
///
/// A name that the format maps is filled by that mapping, any other by its path in the record
/// (sigma.md section 7: a flat key with dots wins, arrays are flattened into lists). Facts are
/// filled from the record by format `json` only. The name "*" is the list of all scalar values of
/// the record.
///
/// Owns a parser: one Decoder a thread. Borrows `format`.
class Decoder {
public:
    struct Options {
        Limits limits;
        /// Checks duplicate keys and the number of keys too, which the gate has done already for
        /// what comes out of the journal. For files that passed no gate.
        bool ungated = false;
    };

    Decoder(const Format& format, std::shared_ptr<const call::Names> names)
        : Decoder(format, std::move(names), Options{}) {}
    Decoder(const Format& format, std::shared_ptr<const call::Names> names, Options options);
    ~Decoder();
    Decoder(Decoder&&) noexcept;

    /// Appends one call for each line that is a record, in order; blank lines are skipped but
    /// counted in Header::record. `lines` are newline-separated and must live as long as `out` does
    /// (`out.keep(owner)`): Header::raw points into them. `out` was made for the same Names.
    /// Reject::line is `first_record` + the line's index + 1.
    void decode(std::string_view lines, std::uint32_t first_record, base::WallTime arrival,
                call::Batch& out, std::vector<Reject>& rejects);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The name whose value is the list of all scalar values of a record: what Sigma keywords search.
inline constexpr std::string_view all_values_name = "*";

}  // namespace decode
