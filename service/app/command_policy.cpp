#include "app/command_policy.hpp"

namespace app {

void add_object_output(CLI::App& command, Invocation& invocation) {
    command.add_option("-o,--output", invocation.output, "table or json")
        ->check(CLI::IsMember({"table", "json"}));
}

void add_policy(CLI::App& app, Invocation& invocation) {
    auto* group = app.add_subcommand("policy", "Write, check, test and list policies");
    group->require_subcommand(1);
    add_policy_check(*group, invocation);
    add_policy_test(*group, invocation);
    add_policy_list(*group, invocation);
    add_policy_show(*group, invocation);
    add_policy_new(*group, invocation);
    add_policy_fmt(*group, invocation);
    add_policy_backtest(*group, invocation);
    add_policy_promotion(*group, invocation);
}

}  // namespace app
