#include "decode/time_text.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>

namespace decode {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::int64_t ticks_of_1970 = 621'355'968'000'000'000;
constexpr std::int64_t ticks_of_2100 = 662'380'416'000'000'000;

/// A cursor over the text; every reader leaves it in place when it fails.
struct Cursor {
    std::string_view text;
    std::size_t at = 0;

    [[nodiscard]] bool done() const noexcept { return at == text.size(); }
    [[nodiscard]] char peek() const noexcept { return done() ? '\0' : text[at]; }
    bool take(char c) noexcept {
        if (peek() != c || done()) return false;
        ++at;
        return true;
    }
    /// Between `least` and `most` digits.
    std::optional<int> number(std::size_t least, std::size_t most) noexcept {
        std::size_t end = at;
        int out = 0;
        while (end < text.size() && end - at < most && text[end] >= '0' && text[end] <= '9') {
            out = out * 10 + (text[end++] - '0');
        }
        if (end - at < least) return {};
        at = end;
        return out;
    }
    /// An English month, three letters or whole.
    std::optional<int> month() noexcept {
        static constexpr std::array<std::string_view, 12> names = {
            "January", "February", "March",     "April",   "May",      "June",
            "July",    "August",   "September", "October", "November", "December"};
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (!text.substr(at).starts_with(names[i].substr(0, 3))) continue;
            at += text.substr(at).starts_with(names[i]) ? names[i].size() : 3;
            return static_cast<int>(i) + 1;
        }
        return {};
    }
};

struct Parts {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    std::int64_t micros = 0;
    std::optional<int> offset_minutes;
};

/// hh:mm[:ss[.fraction]] with dot or comma.
bool clock(Cursor& in, Parts& out, std::size_t least_hour_digits = 2) {
    const auto hour = in.number(least_hour_digits, 2);
    if (!hour || !in.take(':')) return false;
    const auto minute = in.number(2, 2);
    if (!minute || !in.take(':')) return false;
    const auto second = in.number(2, 2);
    if (!second) return false;
    out.hour = *hour;
    out.minute = *minute;
    out.second = *second;
    if (in.peek() != '.' && in.peek() != ',') return true;
    ++in.at;
    std::int64_t scale = 100'000;
    std::size_t digits = 0;
    for (; in.peek() >= '0' && in.peek() <= '9'; ++in.at, ++digits, scale /= 10) {
        out.micros += (in.peek() - '0') * scale;
    }
    return digits > 0 && digits <= 18;
}

/// Nothing, Z, UTC, GMT, +hh, +hhmm, +hh:mm, after optional blanks; then the end.
bool zone(Cursor& in, Parts& out) {
    while (in.take(' ')) {
    }
    if (in.done()) return true;
    const std::string_view rest = in.text.substr(in.at);
    if (rest == "Z" || rest == "z" || rest == "UTC" || rest == "GMT") {
        out.offset_minutes = 0;
        return true;
    }
    const char sign = in.peek();
    if (sign != '+' && sign != '-') return false;
    ++in.at;
    const auto hour = in.number(2, 2);
    if (!hour || *hour > 23) return false;
    const bool colon = in.take(':');
    const auto minute = in.number(2, 2);
    if (colon && !minute) return false;
    if (minute.value_or(0) > 59 || !in.done()) return false;
    out.offset_minutes = (*hour * 60 + minute.value_or(0)) * (sign == '-' ? -1 : 1);
    return true;
}

std::optional<ReadTime> assemble(const Parts& parts) {
    if (parts.year < 1 || parts.year > 9999) return {};
    const std::chrono::year_month_day date{std::chrono::year{parts.year},
                                           std::chrono::month{static_cast<unsigned>(parts.month)},
                                           std::chrono::day{static_cast<unsigned>(parts.day)}};
    if (!date.ok() || parts.hour > 23 || parts.minute > 59 || parts.second > 60) return {};
    const auto day = std::chrono::sys_days{date}.time_since_epoch();
    const microseconds since = day + hours{parts.hour} + minutes{parts.minute} +
                               seconds{parts.second} + microseconds{parts.micros} -
                               minutes{parts.offset_minutes.value_or(0)};
    return ReadTime{base::event_time(since.count()), !parts.offset_minutes.has_value()};
}

/// 2023-07-10T11:42:18.123456789Z and relatives.
std::optional<ReadTime> iso(std::string_view text) {
    Cursor in{text};
    Parts parts;
    const auto year = in.number(4, 4);
    if (!year || !in.take('-')) return {};
    const auto month = in.number(2, 2);
    if (!month || !in.take('-')) return {};
    const auto day = in.number(2, 2);
    if (!day) return {};
    parts.year = *year;
    parts.month = *month;
    parts.day = *day;
    if (!in.take('T') && !in.take('t') && !in.take(' ')) return {};
    if (!clock(in, parts) || !zone(in, parts)) return {};
    return assemble(parts);
}

/// Whether eight characters have this form, where 0 stands for any digit; all at once.
bool has_form(const char* text, const char (&form)[9]) {
    std::uint64_t is = 0;
    std::uint64_t wanted = 0;
    std::uint64_t digits = 0;
    std::memcpy(&is, text, 8);
    for (std::size_t i = 0; i < 8; ++i) {  // Known when this is compiled.
        wanted |= std::uint64_t{static_cast<unsigned char>(form[i])} << (8 * i);
        digits |= (form[i] == '0' ? std::uint64_t{0xff} : 0) << (8 * i);
    }
    if constexpr (std::endian::native == std::endian::big) is = std::byteswap(is);
    const std::uint64_t apart = is ^ wanted;
    const std::uint64_t above_nine = apart | (apart + 0x0606'0606'0606'0606u);
    return (apart & ~digits) == 0 && (above_nine & digits & 0xf0f0'f0f0'f0f0'f0f0u) == 0;
}

/// 2023-07-10T11:42:18Z, as most logs have it; anything else is left to `iso`.
std::optional<ReadTime> plain_iso(std::string_view text) {
    if (text.size() != 20) return {};
    const char* start = text.data();
    if (!has_form(start, "0000-00-") || !has_form(start + 8, "00T00:00") ||
        !has_form(start + 12, "0:00:00Z")) {
        return {};
    }
    const auto two = [&](std::size_t at) { return (text[at] - '0') * 10 + text[at + 1] - '0'; };
    Parts parts;
    parts.year = two(0) * 100 + two(2);
    parts.month = two(5);
    parts.day = two(8);
    parts.hour = two(11);
    parts.minute = two(14);
    parts.second = two(17);
    parts.offset_minutes = 0;
    return assemble(parts);
}

/// 17/May/2015:10:05:03 +0000
std::optional<ReadTime> common_log(std::string_view text) {
    Cursor in{text};
    Parts parts;
    const auto day = in.number(1, 2);
    if (!day || !in.take('/')) return {};
    const auto month = in.month();
    if (!month || !in.take('/')) return {};
    const auto year = in.number(4, 4);
    if (!year || !in.take(':')) return {};
    parts.day = *day;
    parts.month = *month;
    parts.year = *year;
    if (!clock(in, parts) || !zone(in, parts)) return {};
    return assemble(parts);
}

/// 9:06:42 AM: the half of the day turns the hour into one of 24.
bool half_day(Cursor& in, Parts& out) {
    if (!in.take(' ')) return true;
    const char half = in.peek();
    if ((half != 'A' && half != 'P') || in.text.substr(in.at + 1, 1) != "M") {
        --in.at;
        return true;
    }
    in.at += 2;
    if (out.hour < 1 || out.hour > 12) return false;
    out.hour = out.hour % 12 + (half == 'P' ? 12 : 0);
    return true;
}

/// 11/3/2020 9:06:42 AM +00:00
std::optional<ReadTime> american(std::string_view text) {
    Cursor in{text};
    Parts parts;
    const auto month = in.number(1, 2);
    if (!month || !in.take('/')) return {};
    const auto day = in.number(1, 2);
    if (!day || !in.take('/')) return {};
    const auto year = in.number(4, 4);
    if (!year || !in.take(' ')) return {};
    parts.month = *month;
    parts.day = *day;
    parts.year = *year;
    if (!clock(in, parts, 1) || !half_day(in, parts) || !zone(in, parts)) return {};
    return assemble(parts);
}

/// Mar 17, 2023 5:07:59 PM; November 23, 2021T00:18:22 +0000
std::optional<ReadTime> named_month(std::string_view text) {
    Cursor in{text};
    Parts parts;
    const auto month = in.month();
    if (!month || !in.take(' ')) return {};
    const auto day = in.number(1, 2);
    if (!day || !in.take(',') || !in.take(' ')) return {};
    const auto year = in.number(4, 4);
    if (!year || (!in.take('T') && !in.take(' '))) return {};
    parts.month = *month;
    parts.day = *day;
    parts.year = *year;
    if (!clock(in, parts, 1) || !half_day(in, parts) || !zone(in, parts)) return {};
    return assemble(parts);
}

/// A number written as text.
std::optional<ReadTime> number_text(std::string_view text) {
    const char* end = text.data() + text.size();
    std::int64_t whole = 0;
    if (const auto [stop, fault] = std::from_chars(text.data(), end, whole);
        fault == std::errc{} && stop == end) {
        if (const auto time = epoch(whole)) return ReadTime{*time};
        return {};
    }
    double real = 0;
    const auto [stop, fault] = std::from_chars(text.data(), end, real, std::chars_format::fixed);
    if (fault != std::errc{} || stop != end) return {};
    if (const auto time = epoch(real)) return ReadTime{*time};
    return {};
}

}  // namespace

std::optional<base::EventTime> epoch(std::int64_t number) noexcept {
    if (number < 0) return {};
    if (number < 100'000'000'000) return base::event_time(number * 1'000'000);
    if (number < 100'000'000'000'000) return base::event_time(number * 1'000);
    if (number < 100'000'000'000'000'000) return base::event_time(number);
    if (number >= ticks_of_1970 && number < ticks_of_2100) {
        return base::event_time((number - ticks_of_1970) / 10);
    }
    // Nanoseconds end in 2262; the largest number is a mistake and no time.
    if (number == INT64_MAX) return {};
    return base::event_time(number / 1'000);
}

std::optional<base::EventTime> epoch(double number) noexcept {
    if (!(number >= 0) || number >= 9.2e18) return {};
    if (number < 1e11) return base::event_time(std::llround(number * 1e6));
    if (number < 1e14) return base::event_time(std::llround(number * 1e3));
    return epoch(static_cast<std::int64_t>(number));
}

std::optional<ReadTime> read_time(std::string_view text) noexcept {
    if (text.size() > 64) return {};
    if (const auto time = plain_iso(text)) return time;
    while (!text.empty() && (text.front() == ' ' || text.front() == '[')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == ']')) text.remove_suffix(1);
    if (text.empty()) return {};
    if (const auto time = iso(text)) return time;
    if (const auto time = common_log(text)) return time;
    if (const auto time = american(text)) return time;
    if (const auto time = named_month(text)) return time;
    return number_text(text);
}

std::optional<ReadTime> read_time(const call::Value& value) noexcept {
    switch (value.kind()) {
        case call::Value::Kind::text:
            return read_time(value.text());
        case call::Value::Kind::integer:
            if (const auto time = epoch(value.integer())) return ReadTime{*time};
            return {};
        case call::Value::Kind::real:
            if (const auto time = epoch(value.real())) return ReadTime{*time};
            return {};
        default:
            return {};
    }
}

}  // namespace decode
