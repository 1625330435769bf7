#include "base/time.hpp"

#include <algorithm>
#include <cstdio>

namespace base {
namespace {

constexpr std::int64_t first_micros = -62'135'596'800'000'000;  // 0001-01-01T00:00:00Z
constexpr std::int64_t last_micros = 253'402'300'799'999'999;   // 9999-12-31T23:59:59.999999Z

std::string print(std::int64_t since_epoch) {
    using std::chrono::microseconds;
    const std::chrono::sys_time<microseconds> time{
        microseconds{std::clamp(since_epoch, first_micros, last_micros)}};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    char text[40];
    int size = std::snprintf(
        text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()));
    if (const auto fraction = clock.subseconds().count(); fraction != 0) {
        size += std::snprintf(text + size, sizeof text - static_cast<std::size_t>(size), ".%06d",
                              static_cast<int>(fraction));
    }
    std::string out(text, static_cast<std::size_t>(size));
    out += 'Z';
    return out;
}

}  // namespace

WallTime WallClock::now() noexcept {
    return WallTime{
        std::chrono::duration_cast<duration>(std::chrono::system_clock::now().time_since_epoch())};
}

std::string to_rfc3339(EventTime time) {
    return print(micros(time));
}
std::string to_rfc3339(WallTime time) {
    return print(micros(time));
}

}  // namespace base
