#include "deliver/schedule.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace deliver {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::chrono::milliseconds, 10> standard_waits{0s, 5s,  5min, 30min, 2h,
                                                                   5h, 10h, 14h,  20h,   24h};
constexpr std::chrono::seconds longest_wish = 24h;

std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<std::chrono::sys_seconds> parse_date(std::string_view text) {
    static constexpr std::array<std::string_view, 12> months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (text.size() != 29 || !text.ends_with(" GMT") || text.substr(3, 2) != ", ") return {};
    const auto day = number(text.substr(5, 2));
    const auto* const month = std::ranges::find(months, text.substr(8, 3));
    const auto year = number(text.substr(12, 4));
    const auto hour = number(text.substr(17, 2));
    const auto minute = number(text.substr(20, 2));
    const auto second = number(text.substr(23, 2));
    if (!day || month == months.end() || !year || !hour || !minute || !second) return {};
    const std::chrono::year_month_day date(
        std::chrono::year(*year),
        std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
        std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return {};
    return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second);
}

}  // namespace

std::span<const std::chrono::milliseconds> Schedule::standard() noexcept {
    return standard_waits;
}

std::optional<base::WallTime> Schedule::next(
    unsigned attempt, base::WallTime now, double jitter,
    std::optional<std::chrono::seconds> retry_after) const {
    if (attempt >= waits_.size()) return std::nullopt;
    const auto wait = std::chrono::duration_cast<std::chrono::microseconds>(waits_[attempt]);
    const auto stretch = std::clamp(jitter, 0.0, 1.0) / 5 * static_cast<double>(wait.count());
    const auto planned = wait + std::chrono::microseconds(static_cast<std::int64_t>(stretch));
    const std::chrono::microseconds wished =
        std::clamp(retry_after.value_or(0s), std::chrono::seconds(0), longest_wish);
    return now + std::max(planned, wished);
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, base::WallTime now) {
    const bool digits =
        !value.empty() && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
    if (digits) {
        // More digits than fit an int ask for more than we ever grant.
        return number(value) ? std::chrono::seconds(*number(value)) : longest_wish;
    }
    const auto date = parse_date(value);
    if (!date) return std::nullopt;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
    return std::max(std::chrono::seconds(0), date->time_since_epoch() - seconds);
}

}  // namespace deliver
