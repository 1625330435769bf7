#include "base/time.hpp"

#include <algorithm>

namespace base {
namespace {

constexpr std::int64_t first_micros = -62'135'596'800'000'000;  // 0001-01-01T00:00:00Z
constexpr std::int64_t last_micros = 253'402'300'799'999'999;   // 9999-12-31T23:59:59.999999Z

/// Writes the last `width` digits of a number and returns what is behind them.
char* digits(char* out, unsigned number, unsigned width) {
    for (unsigned i = width; i-- > 0; number /= 10) out[i] = static_cast<char>('0' + number % 10);
    return out + width;
}

std::string print(std::int64_t since_epoch) {
    using std::chrono::microseconds;
    const std::chrono::sys_time<microseconds> time{
        microseconds{std::clamp(since_epoch, first_micros, last_micros)}};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    char text[27];  // 2025-03-04T05:06:07.890123Z; by hand, since every stored row has a few
    char* out = digits(text, static_cast<unsigned>(static_cast<int>(date.year())), 4);
    *out++ = '-';
    out = digits(out, static_cast<unsigned>(date.month()), 2);
    *out++ = '-';
    out = digits(out, static_cast<unsigned>(date.day()), 2);
    *out++ = 'T';
    out = digits(out, static_cast<unsigned>(clock.hours().count()), 2);
    *out++ = ':';
    out = digits(out, static_cast<unsigned>(clock.minutes().count()), 2);
    *out++ = ':';
    out = digits(out, static_cast<unsigned>(clock.seconds().count()), 2);
    if (const auto fraction = clock.subseconds().count(); fraction != 0) {
        *out++ = '.';
        out = digits(out, static_cast<unsigned>(fraction), 6);
    }
    *out++ = 'Z';
    return {text, out};
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
