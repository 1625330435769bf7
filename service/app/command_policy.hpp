#pragma once

#include "app/command.hpp"
#include "policy/policy.hpp"

#include <string>

namespace app {

// The commands below `policy`, one file each.
void add_policy_check(CLI::App& group, Invocation& invocation);
void add_policy_test(CLI::App& group, Invocation& invocation);
void add_policy_list(CLI::App& group, Invocation& invocation);
void add_policy_show(CLI::App& group, Invocation& invocation);
void add_policy_new(CLI::App& group, Invocation& invocation);
void add_policy_fmt(CLI::App& group, Invocation& invocation);

/// "name", or the title when it has none.
[[nodiscard]] inline const std::string& short_name(const policy::Policy& policy) {
    return policy.name.empty() ? policy.title : policy.name;
}

/// Adds `-o table|json`, for commands whose answer is one object.
void add_object_output(CLI::App& command, Invocation& invocation);

}  // namespace app
