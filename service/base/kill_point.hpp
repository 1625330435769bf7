#pragma once

/// BASE_KILL_POINT("store.commit.before"): a named place at which a test may end the process, as a
/// crash would, to see that nothing is lost and nothing happens twice (tests/chaos).
///
/// Only builds with CALLERPRINT_KILL_POINTS have them; in all others, which are those that ship, it
/// is nothing, not even the name. Those builds take CALLERPRINT_KILL_AT=NAME:N: SIGKILL at the N-th
/// time; or CALLERPRINT_KILL_AT=trace: each name, the first time, on standard error.
#ifdef CALLERPRINT_KILL_POINTS

#include <algorithm>
#include <cstddef>

namespace base {

/// A text as a template argument.
template <std::size_t N>
struct KillPointName {
    char text[N];
    consteval KillPointName(const char (&given)[N]) { std::copy_n(given, N, text); }
};

/// Puts the name on the list before main; the name must live for ever.
bool list_kill_point(const char* name);
/// Counts, and does not return if this is the one.
void at_kill_point(const char* name) noexcept;
/// All names of the program, one a line, on standard output.
void print_kill_points();

template <KillPointName Name>
struct KillPoint {
    static inline const bool listed = list_kill_point(Name.text);
    static void reach() noexcept {
        static_cast<void>(listed);  // used, so that it is made before main
        at_kill_point(Name.text);
    }
};

}  // namespace base

#define BASE_KILL_POINT(name) ::base::KillPoint<name>::reach()
#else
#define BASE_KILL_POINT(name) static_cast<void>(0)
#endif
