#include "app/command_policy.hpp"
#include "app/files.hpp"
#include "app/junit.hpp"
#include "app/offline.hpp"
#include "app/output.hpp"
#include "base/log.hpp"
#include "pipeline/policy_test.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cstdio>

namespace app {
namespace {

struct Testing {
    PolicyPlaces places;
    std::string run;  // only those whose name contains it
    std::string junit;
    bool coverage = false;
    std::optional<double> threshold;  // percent
};

std::size_t failed_of(const pipeline::TestReport& report) {
    return static_cast<std::size_t>(
        std::ranges::count_if(report.outcomes, [](const auto& each) { return !each.passed; }));
}

/// What the tests leave open, in words; empty when nothing.
struct Gap {
    policy::PolicyIndex policy = 0;
    std::string what;
};

std::vector<Gap> gaps_of(const pipeline::TestCoverage& coverage) {
    std::vector<Gap> out;
    for (const auto& each : coverage.policies) {
        if (!each.positive) out.push_back({each.policy, "no test expects an alert"});
        if (!each.negative) out.push_back({each.policy, "no test expects none"});
    }
    for (const auto& each : coverage.selections) {
        if (!each.was_true)
            out.push_back({each.rule, "selection '" + each.name + "' was never true"});
        if (!each.was_false)
            out.push_back({each.rule, "selection '" + each.name + "' was never false"});
    }
    std::ranges::sort(out, {}, [](const Gap& gap) { return std::pair(gap.policy, gap.what); });
    return out;
}

void print_outcomes(const policy::Set& set, const pipeline::TestReport& report) {
    for (const auto& outcome : report.outcomes) {
        const auto& policy = set.policies()[outcome.policy];
        std::printf("%s  %s:%u  %s: %s\n", outcome.passed ? "pass" : "FAIL",
                    base::log::safe(policy.file).c_str(), outcome.line,
                    base::log::safe(policy.title).c_str(), base::log::safe(outcome.name).c_str());
        if (!outcome.passed) std::printf("      %s\n", base::log::safe(outcome.detail).c_str());
    }
    const auto failed = failed_of(report);
    std::printf("%zu passed, %zu failed\n", report.outcomes.size() - failed, failed);
}

void print_coverage(const policy::Set& set, const pipeline::TestCoverage& coverage) {
    for (const auto& gap : gaps_of(coverage)) {
        const auto& policy = set.policies()[gap.policy];
        std::printf("gap   %s:%u  %s: %s\n", base::log::safe(policy.file).c_str(), policy.line,
                    base::log::safe(short_name(policy)).c_str(), base::log::safe(gap.what).c_str());
    }
    std::printf("coverage %.1f %%: %zu of %zu\n", coverage.percent(), coverage.reached(),
                coverage.total());
}

void print_json(const policy::Set& set, const pipeline::TestReport& report) {
    boost::json::array tests;
    for (const auto& outcome : report.outcomes) {
        const auto& policy = set.policies()[outcome.policy];
        tests.push_back({{"policy", short_name(policy)},
                         {"file", policy.file},
                         {"line", outcome.line},
                         {"name", outcome.name},
                         {"passed", outcome.passed},
                         {"detail", outcome.detail},
                         {"seconds", outcome.took.count()}});
    }
    boost::json::array gaps;
    for (const auto& gap : gaps_of(report.coverage)) {
        const auto& policy = set.policies()[gap.policy];
        gaps.push_back({{"policy", short_name(policy)},
                        {"file", policy.file},
                        {"line", policy.line},
                        {"gap", gap.what}});
    }
    const auto failed = failed_of(report);
    const boost::json::object out{{"passed", report.outcomes.size() - failed},
                                  {"failed", failed},
                                  {"tests", std::move(tests)},
                                  {"coverage",
                                   {{"percent", report.coverage.percent()},
                                    {"reached", report.coverage.reached()},
                                    {"total", report.coverage.total()},
                                    {"gaps", std::move(gaps)}}}};
    std::printf("%s\n", json_text(out).c_str());
}

Exit test(const Invocation& invocation, const Testing& testing) {
    const auto set = load_offline(invocation, testing.places);
    if (!set) return complain(set.error());
    const auto report = pipeline::run_policy_tests(*set, testing.run);
    if (!report) return complain(report.error());
    if (!testing.junit.empty()) {
        const auto written = write_file(testing.junit, junit_xml(**set, report->outcomes));
        if (!written) return complain(written.error());
    }
    if (invocation.output == "json") {
        print_json(**set, *report);
    } else {
        print_outcomes(**set, *report);
        if (testing.coverage || testing.threshold) print_coverage(**set, report->coverage);
    }
    const double percent = report->coverage.percent();
    if (testing.threshold && percent < *testing.threshold) {
        std::fprintf(stderr, "callerprint: coverage %.1f %% is below %.1f %%\n", percent,
                     *testing.threshold);
        return Exit::negative;
    }
    return failed_of(*report) == 0 ? Exit::done : Exit::negative;
}

}  // namespace

void add_policy_test(CLI::App& group, Invocation& invocation) {
    auto testing = std::make_shared<Testing>();
    auto* command = group.add_subcommand("test", "Run the tests that stand in the policies");
    add_policy_places(*command, testing->places);
    command->add_option("--run", testing->run,
                        "Only tests whose policy or name contains this text");
    command->add_option("--junit", testing->junit, "Write the outcomes as JUnit XML to this file");
    command->add_flag("--coverage", testing->coverage,
                      "Say which policies and selections the tests that ran leave open");
    command
        ->add_option("--coverage-threshold", testing->threshold,
                     "Exit 1 when less than this percentage is covered")
        ->check(CLI::Range(0.0, 100.0));
    add_object_output(*command, invocation);
    command->footer(
        "Examples:\n  callerprint policy test\n  callerprint policy test config/policies/abuse "
        "--run twin\n  callerprint policy test rules/ --junit tests.xml --coverage-threshold 90");
    command->callback([&invocation, testing] {
        invocation.action = [&invocation, testing] { return test(invocation, *testing); };
    });
}

}  // namespace app
