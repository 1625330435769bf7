#include "base/kill_point.hpp"

#ifdef CALLERPRINT_KILL_POINTS

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace base {
namespace {

struct Wanted {
    std::string name;  ///< "trace", or a point's.
    unsigned long count = 1;
};

Wanted read_wanted() {
    const char* text = std::getenv("CALLERPRINT_KILL_AT");
    if (text == nullptr) return {};
    const std::string_view all(text);
    const auto colon = all.find(':');
    Wanted out{std::string(all.substr(0, colon)), 1};
    if (colon != std::string_view::npos) out.count = std::strtoul(text + colon + 1, nullptr, 10);
    return out;
}

/// Lives until the process ends: points are reached while it does.
struct Points {
    std::mutex mutex;
    std::set<std::string_view> names;
    std::map<std::string_view, unsigned long> reached;
    Wanted wanted = read_wanted();
};

Points& points() {
    static auto* const made = new Points;
    return *made;
}

}  // namespace

bool list_kill_point(const char* name) {
    points().names.insert(name);
    return true;
}

void at_kill_point(const char* name) noexcept {
    auto& all = points();
    if (all.wanted.name.empty()) return;
    const std::lock_guard lock(all.mutex);
    const auto count = ++all.reached[name];
    if (all.wanted.name == "trace") {
        if (count == 1) std::fprintf(stderr, "kill_point %s\n", name);
        return;
    }
    if (name != all.wanted.name || count != all.wanted.count) return;
    std::fprintf(stderr, "kill_point %s\n", name);
    std::raise(SIGKILL);  // no destructor, no flush, as when the machine's owner does it
}

void print_kill_points() {
    for (const auto name : points().names) std::printf("%s\n", name.data());
}

}  // namespace base

#endif
