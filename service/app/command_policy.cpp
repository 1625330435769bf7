#include "app/command.hpp"
#include "app/offline.hpp"
#include "base/log.hpp"
#include "pipeline/policy_test.hpp"

#include <cstdio>

namespace app {
namespace {

struct Checking {
    std::vector<std::string> paths;
    std::string lists;
    std::string run;  // test: only those whose name contains it
    bool warnings_fatal = false;
};

Exit check(const Invocation& invocation, const Checking& checking) {
    const auto set = load_offline(invocation, checking.paths, checking.lists);
    if (!set) return complain(set.error());
    for (const auto& warning : (*set)->warnings()) {
        std::fprintf(stderr, "%s\n", base::log::safe(to_text(warning)).c_str());
    }
    std::size_t rules = 0;
    for (const auto& policy : (*set)->policies())
        rules += policy.kind == policy::Policy::Kind::rule ? 1 : 0;
    std::printf("%zu policies: %zu rules, %zu correlations, %zu warnings\n",
                (*set)->policies().size(), rules, (*set)->policies().size() - rules,
                (*set)->warnings().size());
    return checking.warnings_fatal && !(*set)->warnings().empty() ? Exit::warnings : Exit::done;
}

Exit test(const Invocation& invocation, const Checking& checking) {
    const auto set = load_offline(invocation, checking.paths, checking.lists);
    if (!set) return complain(set.error());
    const auto outcomes = pipeline::run_policy_tests(*set, checking.run);
    if (!outcomes) return complain(outcomes.error());
    std::size_t failed = 0;
    for (const auto& outcome : *outcomes) {
        const auto& policy = (*set)->policies()[outcome.policy];
        std::printf("%s  %s:%u  %s: %s\n", outcome.passed ? "pass" : "FAIL",
                    base::log::safe(policy.file).c_str(), outcome.line,
                    base::log::safe(policy.title).c_str(), base::log::safe(outcome.name).c_str());
        if (outcome.passed) continue;
        ++failed;
        std::printf("      %s\n", base::log::safe(outcome.detail).c_str());
    }
    std::printf("%zu passed, %zu failed\n", outcomes->size() - failed, failed);
    return failed == 0 ? Exit::done : Exit::negative;
}

}  // namespace

void add_policy(CLI::App& app, Invocation& invocation) {
    auto* group = app.add_subcommand("policy", "Check and test policies");
    group->require_subcommand(1);
    auto checking = std::make_shared<Checking>();

    auto* checks = group->add_subcommand("check", "Load policies and report every problem at once");
    checks->add_option("paths", checking->paths,
                       "Policy files or folders (default: those of the configuration)");
    checks->add_option("--lists", checking->lists, "Folder of value lists for expand");
    checks->add_flag("--warnings-fatal", checking->warnings_fatal,
                     "Exit 3 when there are warnings");
    checks->footer(
        "Examples:\n  callerprint policy check\n  callerprint policy check my-rule.yaml --lists "
        "config/lists");
    checks->callback([&invocation, checking] {
        invocation.action = [&invocation, checking] { return check(invocation, *checking); };
    });

    auto* tests = group->add_subcommand("test", "Run the tests that stand in the policies");
    tests->add_option("paths", checking->paths,
                      "Policy files or folders (default: those of the configuration)");
    tests->add_option("--lists", checking->lists, "Folder of value lists for expand");
    tests->add_option("--run", checking->run, "Only tests whose policy or name contains this text");
    tests->footer(
        "Examples:\n  callerprint policy test\n  callerprint policy test config/policies/abuse "
        "--run twin");
    tests->callback([&invocation, checking] {
        invocation.action = [&invocation, checking] { return test(invocation, *checking); };
    });
    add_policy_backtest(*group, invocation);
    add_policy_promotion(*group, invocation);
}

}  // namespace app
