#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace decode {

/// Why a record was not taken. A closed list: it labels metrics, dead letters and HTTP answers.
enum class RejectCode : std::uint8_t {
    bad_json,       ///< Not one JSON text as RFC 8259 has it, or a number beyond 64 bits.
    bad_utf8,       ///< Bytes that are not UTF-8.
    bad_line,       ///< A text line that does not have the format's columns.
    duplicate_key,  ///< One object holds a key twice: readers would see different records.
    too_deep,
    too_many_keys,
    line_too_long,
    bad_timestamp,   ///< There is a time, and it cannot be read.
    no_timestamp,    ///< There is no time.
    not_an_object,   ///< JSON, but neither an object nor an array of objects.
    not_a_record,    ///< Known to be no API call: digest, metrics, a pointer to a file. Set aside.
    unknown_format,  ///< Format `auto`, and no format recognises the record.
};

inline constexpr std::size_t reject_code_count = 12;

/// "bad_timestamp" for RejectCode::bad_timestamp.
[[nodiscard]] std::string_view name(RejectCode code) noexcept;

/// A record that was not taken, as the dead-letter table keeps it.
struct Reject {
    std::uint32_t line =
        0;  ///< 1-based: line of the body at the gate, record of the block after it.
    RejectCode code = RejectCode::bad_json;
    std::string sample;  ///< First 512 bytes at most, without secrets, valid UTF-8 without NUL.
};

}  // namespace decode
