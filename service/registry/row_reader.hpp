#pragma once

#include "registry/import.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace registry {

/// One value of an import row before it has a type. CSV gives one text, JSON one text or a list.
struct Cell {
    std::string column;
    std::vector<std::string> values;
    bool list = false;       ///< Written as a list.
    bool separated = false;  ///< One text in which semicolons separate values, if it is a list.
};

/// One row of an import file: the line it starts at and its cells that say something.
struct RawRow {
    std::size_t line = 0;
    std::vector<Cell> cells;
};

/// Problems of a file, kept up to a bound so that a wrong file cannot fill the memory.
class Problems {
public:
    static constexpr std::size_t limit = 1'000;
    void add(std::size_t line, std::string what);
    [[nodiscard]] bool full() const noexcept { return found_.size() >= limit; }
    [[nodiscard]] bool empty() const noexcept { return found_.empty(); }
    [[nodiscard]] std::vector<Problem> take();  ///< Ascending by line.

private:
    std::vector<Problem> found_;
};

/// Gives the cells of one row their types. A cell that is asked for is used up; what is left in the
/// end is a column that does not belong there.
class RowReader {
public:
    RowReader(RawRow& row, Problems& problems) : row_(row), problems_(problems) {}

    [[nodiscard]] std::string text(std::string_view column);
    [[nodiscard]] std::string uid(std::string_view column);       ///< At most 256 bytes.
    [[nodiscard]] std::string required(std::string_view column);  ///< A uid that must be there.
    [[nodiscard]] std::string one_of(std::string_view column,
                                     std::initializer_list<std::string_view> allowed);
    [[nodiscard]] std::string country(std::string_view column);
    [[nodiscard]] std::vector<std::string> list(std::string_view column);
    [[nodiscard]] std::vector<call::Network> networks(std::string_view column);
    [[nodiscard]] std::optional<base::EventTime> time(std::string_view column);
    [[nodiscard]] std::chrono::seconds duration(std::string_view column);
    [[nodiscard]] std::optional<std::uint32_t> share_ppm(std::string_view column);
    /// A text of any length and bytes, which the caller checks and wipes.
    [[nodiscard]] std::string secret(std::string_view column);

    void problem(std::string what) { problems_.add(row_.line, std::move(what)); }
    [[nodiscard]] std::size_t line() const noexcept { return row_.line; }
    /// Complains about every cell that nobody asked for.
    void finish(Kind kind);

private:
    [[nodiscard]] std::optional<Cell> use(std::string_view column);
    bool acceptable(std::string_view column, std::string_view value, std::size_t max_bytes);

    RawRow& row_;
    Problems& problems_;
};

/// RFC 3339 with a zone, or a date for midnight UTC; years 1900 to 9999.
[[nodiscard]] std::optional<base::EventTime> parse_time(std::string_view text) noexcept;

/// "30d": a whole number and s, m, h, d or w; at most 3650 days.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view text) noexcept;

/// "33.34": percent, above 0 to 100, at most four places; in millionths of the whole.
[[nodiscard]] std::optional<std::uint32_t> parse_share(std::string_view text) noexcept;

/// Splits a file into rows. Both report what is not even a row.
[[nodiscard]] std::vector<RawRow> read_csv(std::string_view text, Problems& problems);
[[nodiscard]] std::vector<RawRow> read_ndjson(std::string_view text, Problems& problems);

}  // namespace registry
