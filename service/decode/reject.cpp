#include "decode/reject.hpp"

#include <array>

namespace decode {

std::string_view name(RejectCode code) noexcept {
    static constexpr std::array<std::string_view, reject_code_count> names = {
        "bad_json",     "bad_utf8",      "bad_line",      "duplicate_key",
        "too_deep",     "too_many_keys", "line_too_long", "bad_timestamp",
        "no_timestamp", "not_an_object", "not_a_record",  "unknown_format"};
    return names[static_cast<std::size_t>(code)];
}

}  // namespace decode
