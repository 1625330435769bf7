#pragma once

#include "correlate/firing.hpp"
#include "policy/set.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

/// Policies from text, and firings of them.
namespace fixture {

inline std::shared_ptr<const policy::Set> load(std::string text) {
    const policy::File file{"test.yaml", std::move(text)};
    auto set = policy::Set::load({&file, 1}, {});
    if (!set) {
        for (const auto& problem : set.error()) ADD_FAILURE() << policy::to_text(problem);
        return nullptr;
    }
    return *set;
}

inline std::string rule(const std::string& name, const std::string& more = "") {
    return "title: Title of " + name + "\nname: " + name + "\n" + more +
           "logsource: { category: api_call }\ndetection:\n    selection: { kind: " + name +
           " }\n    condition: selection\n---\n";
}

/// A correlation over rule `a`.
inline std::string correlation(const std::string& name, const std::string& body,
                               const std::string& more = "") {
    return "title: Title of " + name + "\nname: " + name + "\n" + more +
           "correlation:\n    rules: [a]\n" + body + "---\n";
}

inline correlate::Firing firing(const policy::Set& set, std::string_view policy, double seconds,
                                std::vector<correlate::GroupValue> group, double value = 1) {
    correlate::Firing out;
    out.policy = static_cast<policy::PolicyIndex>(set.find(policy) - set.policies().data());
    out.at = base::event_time(static_cast<std::int64_t>(seconds * 1e6));
    out.window_start = out.at - std::chrono::seconds{10};
    out.group = std::move(group);
    out.value = value;
    out.sample = {{7, 3}};
    return out;
}

}  // namespace fixture
