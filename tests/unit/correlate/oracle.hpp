#pragma once

#include "world.hpp"

#include <optional>
#include <string>
#include <tuple>
#include <vector>

/// What correlations must do, in the plainest way: nothing is ever forgotten, and every question
/// rescans all hits. It shares no code with the engine.
namespace oracle {

struct Fired {
    std::int64_t at = 0;
    policy::PolicyIndex policy = 0;
    std::vector<std::optional<std::string>> group;
    double value = 0;
    auto operator<=>(const Fired&) const = default;
};

/// All firings of events in any order.
std::vector<Fired> run(const policy::Set& set, std::vector<world::Event> events);

/// The same view of the engine's firings, repeats left out.
std::vector<Fired> view(const std::vector<correlate::Firing>& firings);

}  // namespace oracle
