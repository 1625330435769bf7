#include "policy/date.hpp"

#include "policy/number.hpp"

#include <charconv>
#include <cmath>

namespace policy {
namespace {

using namespace std::chrono;

/// Reads a text from the left; every step says whether it went well.
class Reader {
public:
    explicit Reader(std::string_view text) noexcept : text_(text) {}

    bool number(std::size_t digits, int& out) {
        if (text_.size() < digits) return false;
        out = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            if (text_[i] < '0' || text_[i] > '9') return false;
            out = out * 10 + (text_[i] - '0');
        }
        text_.remove_prefix(digits);
        return true;
    }
    bool one_of(std::string_view characters) {
        if (text_.empty() || characters.find(text_[0]) == std::string_view::npos) return false;
        last_ = text_[0];
        text_.remove_prefix(1);
        return true;
    }
    /// Digits after a point, as microseconds; more than six are cut.
    bool fraction(std::int64_t& micros) {
        std::int64_t scale = 100'000;
        std::size_t count = 0;
        for (; count < text_.size() && text_[count] >= '0' && text_[count] <= '9'; ++count) {
            micros += (text_[count] - '0') * scale;
            scale /= 10;
        }
        text_.remove_prefix(count);
        return count > 0;
    }
    [[nodiscard]] bool done() const noexcept { return text_.empty(); }
    [[nodiscard]] char last() const noexcept { return last_; }

private:
    std::string_view text_;
    char last_ = 0;
};

bool read_zone(Reader& in, minutes& offset) {
    if (in.done() || in.one_of("Zz")) return true;
    if (!in.one_of("+-")) return false;
    const int sign = in.last() == '-' ? -1 : 1;
    int h = 0, m = 0;
    if (!in.number(2, h)) return false;
    (void)in.one_of(":");
    if (!in.number(2, m) || h > 23 || m > 59) return false;
    offset = minutes(sign * (h * 60 + m));
    return true;
}

}  // namespace

std::optional<base::EventTime> parse_time(std::string_view text) noexcept {
    Reader in(text);
    int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
    std::int64_t fraction = 0;
    minutes offset{0};
    if (!in.number(4, y) || !in.one_of("-") || !in.number(2, mo) || !in.one_of("-") ||
        !in.number(2, d))
        return std::nullopt;
    const year_month_day date{year(y), month(static_cast<unsigned>(mo)),
                              day(static_cast<unsigned>(d))};
    if (!date.ok() || y == 0) return std::nullopt;
    if (!in.done()) {
        if (!in.one_of("Tt ") || !in.number(2, h) || !in.one_of(":") || !in.number(2, mi) ||
            !in.one_of(":") || !in.number(2, s) || h > 23 || mi > 59 || s > 60)
            return std::nullopt;
        if (in.one_of(".,") && !in.fraction(fraction)) return std::nullopt;
        if (!read_zone(in, offset)) return std::nullopt;
    }
    if (!in.done()) return std::nullopt;
    const auto whole = sys_days(date) + hours(h) + minutes(mi) + seconds(s) - offset;
    return base::event_time(duration_cast<microseconds>(whole.time_since_epoch()).count() +
                            fraction);
}

std::optional<base::EventTime> time_of(const call::Value& value) noexcept {
    if (value.is_text()) {
        if (const auto time = parse_time(value.text())) return time;
    }
    const auto number = Number::of(value);
    if (!number) return std::nullopt;
    const double raw = number->as_double();
    const double scaled = std::abs(raw) > 1e12 ? raw * 1e3 : raw * 1e6;
    if (std::abs(scaled) > 2.5e17) return std::nullopt;  // outside years 1 to 9999
    return base::event_time(static_cast<std::int64_t>(std::floor(scaled)));
}

std::pair<std::int64_t, std::int64_t> range_of(DatePart part) noexcept {
    switch (part) {
        case DatePart::minute:
            return {0, 59};
        case DatePart::hour:
            return {0, 23};
        case DatePart::day:
            return {1, 31};
        case DatePart::week:
            return {1, 53};
        case DatePart::month:
            return {1, 12};
        case DatePart::year:
            break;
    }
    return {1, 9999};
}

std::int64_t part_of(base::EventTime time, DatePart part) noexcept {
    const sys_time<microseconds> at{time.time_since_epoch()};
    const sys_days midnight = floor<days>(at);
    const year_month_day date{midnight};
    const hh_mm_ss clock{at - midnight};
    switch (part) {
        case DatePart::minute:
            return clock.minutes().count();
        case DatePart::hour:
            return clock.hours().count();
        case DatePart::day:
            return static_cast<unsigned>(date.day());
        case DatePart::month:
            return static_cast<unsigned>(date.month());
        case DatePart::year:
            return static_cast<int>(date.year());
        case DatePart::week:
            break;
    }
    // The week belongs to the year that holds its Thursday.
    const sys_days thursday = midnight - (weekday(midnight) - Monday) + days(3);
    const sys_days new_year = sys_days(year_month_day(thursday).year() / January / 1);
    return (thursday - new_year).count() / 7 + 1;
}

std::optional<microseconds> parse_span(std::string_view text) noexcept {
    if (text.size() < 2) return std::nullopt;
    std::int64_t count = 0;
    const char* const unit = text.data() + text.size() - 1;
    const auto [stop, error] = std::from_chars(text.data(), unit, count);
    if (error != std::errc{} || stop != unit || text[0] == '-' || count == 0) return std::nullopt;
    std::int64_t unit_seconds = 0;
    switch (*unit) {
        case 's':
            unit_seconds = 1;
            break;
        case 'm':
            unit_seconds = 60;
            break;
        case 'h':
            unit_seconds = 3600;
            break;
        case 'd':
            unit_seconds = 86'400;
            break;
        case 'w':
            unit_seconds = 604'800;
            break;
        case 'M':
            unit_seconds = 2'629'746;
            break;
        case 'y':
            unit_seconds = 31'556'952;
            break;
        default:
            return std::nullopt;
    }
    if (count > 3'155'695'200 / unit_seconds) return std::nullopt;
    return seconds(count * unit_seconds);
}

}  // namespace policy
