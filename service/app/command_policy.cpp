#include "app/command_policy.hpp"

namespace app {

void add_object_output(CLI::App& command, Invocation& invocation) {
    command.add_option("-o,--output", invocation.output, "table or json")
        ->check(CLI::IsMember({"table", "json"}));
}

void add_policy(CLI::App& app, Invocation& invocation) {
    auto* group = app.add_subcommand("policy", "Check and test policies");
    group->require_subcommand(1);
    add_policy_check(*group, invocation);
    add_policy_test(*group, invocation);
}

}  // namespace app
