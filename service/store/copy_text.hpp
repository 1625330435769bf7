#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace store {

/// Writes rows in the text format of COPY (PostgreSQL 15 manual, COPY, "Text Format") into one
/// buffer. Whatever bytes come in, what goes out is a row that the server can read: NUL and invalid
/// UTF-8 become U+FFFD.
class CopyText {
public:
    explicit CopyText(std::string& out) noexcept : out_(out) {}

    CopyText& text(std::string_view value);
    /// Text that an index covers: one longer than `max_bytes` keeps its head and gets a hash, since
    /// a btree refuses entries above 2.7 KB.
    CopyText& bounded(std::string_view value, std::size_t max_bytes);
    CopyText& integer(std::int64_t value);
    CopyText& counter(std::uint64_t value);  ///< Above INT64_MAX it stays there.
    CopyText& real(double value);            ///< Not a number and infinities become 0.
    CopyText& boolean(bool value);
    CopyText& null();
    CopyText& time(base::EventTime value);
    CopyText& texts(const std::string* first, std::size_t count);  ///< text[]
    void end_row();
    /// The row's end without a line end: for callers that keep offsets.
    void end_row_open() noexcept { first_ = true; }

private:
    void separate();
    void escaped(std::string_view value);
    std::string& out_;
    bool first_ = true;
    std::int64_t last_second_ = INT64_MIN;  // the rollups repeat few times
    std::string last_text_;
};

/// The value itself, or when it is longer than `max_bytes` its head, "~" and 16 hex digits.
[[nodiscard]] std::string bounded(std::string_view value, std::size_t max_bytes);

/// JSON text whose strings jsonb can hold: \u0000 becomes \ufffd.
[[nodiscard]] std::string storable_json(std::string_view json);

}  // namespace store
