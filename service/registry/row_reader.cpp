#include "registry/row_reader.hpp"

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "base/wipe.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

namespace registry {
namespace {

namespace ascii = base::ascii;

constexpr std::size_t max_text_bytes = 1'024;
constexpr std::size_t max_uid_bytes = 256;
constexpr std::size_t max_list_values = 10'000;

/// Reads digits at the front of the text; -1 when there are fewer than `count`.
int digits(std::string_view& text, std::size_t count) noexcept {
    if (text.size() < count) return -1;
    int number = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (text[i] < '0' || text[i] > '9') return -1;
        number = number * 10 + (text[i] - '0');
    }
    text.remove_prefix(count);
    return number;
}

bool skip(std::string_view& text, char c) noexcept {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
}

/// The fraction after a second, in microseconds; further digits are cut.
std::optional<std::int64_t> fraction(std::string_view& text) noexcept {
    if (!skip(text, '.')) return 0;
    std::int64_t out = 0;
    int places = 0;
    while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
        if (places < 6) out = out * 10 + (text[0] - '0');
        ++places;
        text.remove_prefix(1);
    }
    if (places == 0) return std::nullopt;
    for (; places < 6; ++places) out *= 10;
    return out;
}

/// "Z", "+02:00": the offset to take away.
std::optional<std::chrono::minutes> zone(std::string_view& text) noexcept {
    if (skip(text, 'Z') || skip(text, 'z')) return std::chrono::minutes{0};
    const bool west = text.starts_with('-');
    if (!skip(text, '+') && !skip(text, '-')) return std::nullopt;
    const int hours = digits(text, 2);
    if (hours < 0 || hours > 23 || !skip(text, ':')) return std::nullopt;
    const int minutes = digits(text, 2);
    if (minutes < 0 || minutes > 59) return std::nullopt;
    const std::chrono::minutes out{hours * 60 + minutes};
    return west ? -out : out;
}

}  // namespace

std::optional<base::EventTime> parse_time(std::string_view text) noexcept {
    namespace chrono = std::chrono;
    const int year = digits(text, 4);
    if (year < 1900 || !skip(text, '-')) return std::nullopt;
    const int month = digits(text, 2);
    if (month < 0 || !skip(text, '-')) return std::nullopt;
    const int day = digits(text, 2);
    if (day < 0) return std::nullopt;
    const chrono::year_month_day date{chrono::year{year},
                                      chrono::month{static_cast<unsigned>(month)},
                                      chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return std::nullopt;
    const chrono::microseconds midnight = chrono::sys_days{date}.time_since_epoch();
    if (text.empty()) return base::event_time(midnight.count());

    if (!skip(text, 'T') && !skip(text, 't') && !skip(text, ' ')) return std::nullopt;
    const int hours = digits(text, 2);
    if (hours < 0 || hours > 23 || !skip(text, ':')) return std::nullopt;
    const int minutes = digits(text, 2);
    if (minutes < 0 || minutes > 59 || !skip(text, ':')) return std::nullopt;
    const int seconds = digits(text, 2);
    if (seconds < 0 || seconds > 60) return std::nullopt;  // 60: a leap second is the next minute
    const auto part = fraction(text);
    if (!part) return std::nullopt;
    const auto offset = zone(text);
    if (!offset || !text.empty()) return std::nullopt;
    const chrono::microseconds clock = chrono::hours{hours} + chrono::minutes{minutes} +
                                       chrono::seconds{seconds} + chrono::microseconds{*part};
    return base::event_time((midnight + clock - *offset).count());
}

std::optional<std::chrono::seconds> parse_duration(std::string_view text) noexcept {
    if (text.size() < 2) return std::nullopt;
    std::int64_t scale = 0;
    switch (text.back()) {
        case 's':
            scale = 1;
            break;
        case 'm':
            scale = 60;
            break;
        case 'h':
            scale = 3'600;
            break;
        case 'd':
            scale = 86'400;
            break;
        case 'w':
            scale = 604'800;
            break;
        default:
            return std::nullopt;
    }
    text.remove_suffix(1);
    std::uint32_t count = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    const std::chrono::seconds out{std::int64_t{count} * scale};
    if (out > std::chrono::days{3'650}) return std::nullopt;
    return out;
}

std::optional<std::uint32_t> parse_share(std::string_view text) noexcept {
    constexpr std::uint32_t percent = 10'000;
    std::uint32_t whole = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (fault != std::errc{} || whole > 100) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.size() > 5) return std::nullopt;
    const auto part = fraction(text);  // in millionths, of a percent
    if (!part || !text.empty()) return std::nullopt;
    const auto out = whole * percent + static_cast<std::uint32_t>(*part / 100);
    return out == 0 || out > 100 * percent ? std::nullopt : std::optional(out);
}

void Problems::add(std::size_t line, std::string what) {
    if (!full()) found_.push_back({line, std::move(what)});
}

std::vector<Problem> Problems::take() {
    std::ranges::sort(found_, [](const Problem& a, const Problem& b) {
        return std::tie(a.line, a.what) < std::tie(b.line, b.what);
    });
    return std::exchange(found_, {});
}

std::optional<Cell> RowReader::use(std::string_view column) {
    const auto found = std::ranges::find(row_.cells, column, &Cell::column);
    if (found == row_.cells.end()) return std::nullopt;
    Cell out = std::move(*found);
    row_.cells.erase(found);
    return out;
}

bool RowReader::acceptable(std::string_view column, std::string_view value, std::size_t max_bytes) {
    const std::string where = std::string(column) + ": ";
    if (value.size() > max_bytes) {
        problem(where + "longer than " + std::to_string(max_bytes) + " bytes");
        return false;
    }
    const bool control = std::ranges::any_of(value, [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
    });
    if (control || !base::utf8::valid(value)) {
        problem(where + "holds control characters or is not UTF-8");
        return false;
    }
    return true;
}

std::string RowReader::text(std::string_view column) {
    auto cell = use(column);
    if (!cell) return {};
    if (cell->list) {
        problem(std::string(column) + ": is a list; write one text");
        return {};
    }
    if (!acceptable(column, cell->values[0], max_text_bytes)) return {};
    return std::move(cell->values[0]);
}

std::string RowReader::uid(std::string_view column) {
    std::string out = text(column);
    if (!acceptable(column, out, max_uid_bytes)) return {};
    return out;
}

std::string RowReader::required(std::string_view column) {
    const bool given = std::ranges::find(row_.cells, column, &Cell::column) != row_.cells.end();
    std::string out = uid(column);
    if (!given || ascii::trimmed(out, ascii::is_blank).empty())
        problem(std::string(column) + ": missing");
    return out;
}

std::string RowReader::one_of(std::string_view column,
                              std::initializer_list<std::string_view> allowed) {
    std::string out = text(column);
    if (out.empty() || std::ranges::find(allowed, out) != allowed.end()) return out;
    std::string choices;
    for (const auto choice : allowed) {
        if (!choices.empty()) choices += ", ";
        choices += choice;
    }
    problem(std::string(column) + ": unknown value; write one of " + choices);
    return {};
}

std::string RowReader::country(std::string_view column) {
    std::string out = text(column);
    if (out.empty() || (out.size() == 2 && std::ranges::all_of(out, ascii::is_upper))) return out;
    problem(std::string(column) + ": write two upper-case letters of ISO 3166-1, such as GB");
    return {};
}

std::vector<std::string> RowReader::list(std::string_view column) {
    auto cell = use(column);
    if (!cell) return {};
    if (cell->separated) {
        const std::string joined = std::move(cell->values[0]);
        cell->values.clear();
        for (std::size_t at = 0; at <= joined.size();) {
            const std::size_t end = std::min(joined.find(';', at), joined.size());
            const auto value =
                ascii::trimmed(std::string_view(joined).substr(at, end - at), ascii::is_blank);
            if (!value.empty()) cell->values.emplace_back(value);
            at = end + 1;
        }
    }
    if (cell->values.size() > max_list_values) {
        problem(std::string(column) + ": more than " + std::to_string(max_list_values) + " values");
        return {};
    }
    for (const auto& value : cell->values) {
        if (value.empty()) problem(std::string(column) + ": holds an empty value");
        if (!acceptable(column, value, max_text_bytes)) return {};
    }
    return std::move(cell->values);
}

std::vector<call::Network> RowReader::networks(std::string_view column) {
    std::vector<call::Network> out;
    for (const auto& value : list(column)) {
        if (const auto network = call::parse_network(value)) {
            out.push_back(*network);
        } else {
            problem(std::string(column) +
                    ": holds what is no network; write CIDR blocks without host bits, such as "
                    "203.0.113.0/24");
        }
    }
    return out;
}

std::optional<base::EventTime> RowReader::time(std::string_view column) {
    const std::string value = text(column);
    if (value.empty()) return std::nullopt;
    const auto out = parse_time(value);
    if (!out) {
        problem(std::string(column) +
                ": no time; write RFC 3339 with a zone, such as 2024-06-01T00:00:00Z, or a date");
    }
    return out;
}

std::chrono::seconds RowReader::duration(std::string_view column) {
    const std::string value = text(column);
    if (value.empty()) return std::chrono::seconds{0};
    const auto out = parse_duration(value);
    if (!out) {
        problem(std::string(column) +
                ": no span of time; write a whole number and s, m, h, d or w, at most 3650d");
    }
    return out.value_or(std::chrono::seconds{0});
}

std::optional<std::uint32_t> RowReader::share_ppm(std::string_view column) {
    const std::string value = text(column);
    if (value.empty()) return std::nullopt;
    const auto out = parse_share(value);
    if (!out) {
        problem(
            std::string(column) +
            ": no share; write percent, above 0 to 100, with at most four places, such as 33.34");
    }
    return out;
}

std::string RowReader::secret(std::string_view column) {
    auto cell = use(column);
    if (!cell) return {};
    if (!cell->list) return std::move(cell->values[0]);
    problem(std::string(column) + ": is a list; write one text");
    for (auto& value : cell->values) base::wipe(value);
    return {};
}

void RowReader::finish(Kind kind) {
    for (const auto& cell : row_.cells) {
        // The name comes from a stranger's file: shown only when it is harmless and short.
        const bool plain = cell.column.size() <= 64 && std::ranges::all_of(cell.column, [](char c) {
                               return c > 0x20 && c < 0x7f;
                           });
        problem((plain ? cell.column : std::string("a column")) + ": does not belong to a " +
                std::string(name(kind)));
    }
}

}  // namespace registry
