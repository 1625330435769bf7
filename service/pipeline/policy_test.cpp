#include "pipeline/policy_test.hpp"

#include "call/field.hpp"
#include "pipeline/replay.hpp"
#include "policy/explain.hpp"
#include "policy/rule.hpp"
#include "registry/import.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>

namespace pipeline {
namespace {

using Expected = std::vector<std::pair<std::string, std::string>>;

constexpr base::EventTime test_start =
    base::event_time(1'704'067'200'000'000);  // 2024-01-01T00:00:00Z

/// The calls as records of format json, which is read by name.
std::string records_of(const policy::TestCall& call) {
    boost::json::object record;
    for (const auto& [name, value] : call.values) record[call::canonical(name)] = value;
    auto at = call.at.value_or(test_start + call.after);
    std::string lines;
    for (std::size_t i = 0; i < call.repeat; ++i, at += call.every) {
        record["timestamp"] = base::to_rfc3339(at);
        lines += boost::json::serialize(record) + '\n';
    }
    return lines;
}

std::string group_text(const correlate::Firing& firing) {
    std::string out;
    for (const auto& [name, value] : firing.group) {
        out += (out.empty() ? "" : ", ") + name + ": " + value.value_or("(absent)");
    }
    return "{" + out + "}";
}

std::string expected_text(const Expected& expected) {
    std::string out;
    for (const auto& [name, value] : expected)
        out += (out.empty() ? "" : ", ") + name + ": " + value;
    return "{" + out + "}";
}

/// `subject` is the first group value; any other name is that group key's.
bool shows(const correlate::Firing& firing, const Expected& expected) {
    return std::ranges::all_of(expected, [&](const auto& pair) {
        if (pair.first == "subject")
            return !firing.group.empty() && firing.group.front().value == pair.second;
        return std::ranges::any_of(firing.group, [&](const correlate::GroupValue& group) {
            return call::canonical(group.name) == call::canonical(pair.first) &&
                   group.value == pair.second;
        });
    });
}

/// Each expected alert must be shown by a firing of its own, and no firing may be left over.
std::string compare(const std::vector<correlate::Firing>& firings, const policy::TestCase& test) {
    std::vector<bool> taken(firings.size());
    for (const auto& expected : test.expect) {
        std::size_t i = 0;
        while (i < firings.size() && (taken[i] || !shows(firings[i], expected))) ++i;
        if (i == firings.size()) {
            std::string got;
            for (const auto& firing : firings) got += " " + group_text(firing);
            return "expected an alert " + expected_text(expected) + ", got" +
                   (got.empty() ? " none" : got);
        }
        taken[i] = true;
    }
    const auto extra = std::ranges::find(taken, false);
    if (extra == taken.end()) return {};
    const auto& firing = firings[static_cast<std::size_t>(extra - taken.begin())];
    return "unexpected alert " + group_text(firing) + " at " + base::to_rfc3339(firing.at);
}

/// The registry of a test, read as an import reads a file: a row that no import would take fails
/// the test.
base::Result<std::shared_ptr<const registry::Registry>> registry_of(const policy::TestCase& test) {
    std::string lines;
    for (const auto& row : test.registry) lines += boost::json::serialize(row) + '\n';
    auto rows = registry::parse_rows(lines, registry::Format::ndjson);
    if (rows) return registry::Registry::build(std::move(*rows));
    const auto& problem = rows.error().front();
    return base::fail(base::Fault::invalid,
                      "registry row " + std::to_string(problem.line) + ": " + problem.what);
}

/// Which selections of which rules were true and which were false.
class Reached {
public:
    explicit Reached(const policy::Set& set) : set_(set), selections_(set.policies().size()) {
        for (policy::PolicyIndex i = 0; i < selections_.size(); ++i) {
            const policy::Rule* rule = set.rule(i);
            if (rule == nullptr) continue;
            for (const auto& selection : rule->selections)
                selections_[i].push_back({i, selection.name});
        }
    }

    /// The rules that the policy is made of: itself, or those that it counts, at any depth.
    [[nodiscard]] std::vector<policy::PolicyIndex> rules_of(policy::PolicyIndex policy) const {
        const auto* correlation = set_.correlation(policy);
        if (correlation == nullptr) return {policy};
        std::vector<policy::PolicyIndex> out;
        for (const auto rule : correlation->rules)
            for (const auto inner : rules_of(rule))
                if (std::ranges::find(out, inner) == out.end()) out.push_back(inner);
        return out;
    }

    void note(policy::PolicyIndex rule, const call::Call& call) {
        const auto explained = policy::explain(set_, rule, call);
        for (std::size_t i = 0; i < explained.selections.size(); ++i) {
            auto& selection = selections_[rule][i];
            (explained.selections[i].held ? selection.was_true : selection.was_false) = true;
        }
    }

    [[nodiscard]] std::vector<TestCoverage::Selection> selections() const {
        std::vector<TestCoverage::Selection> out;
        for (const auto& of_rule : selections_)
            out.insert(out.end(), of_rule.begin(), of_rule.end());
        return out;
    }

private:
    const policy::Set& set_;
    std::vector<std::vector<TestCoverage::Selection>> selections_;  // by policy
};

/// Runs the tests of one set.
class Runner {
public:
    static base::Result<Runner> make(std::shared_ptr<const policy::Set> policies) {
        auto formats = decode::Formats::load({});
        if (!formats) return std::unexpected(formats.error());
        return Runner(std::move(*formats), std::move(policies));
    }

    /// What is wrong; empty when nothing is. Notes what the calls reach.
    base::Result<std::string> run(policy::PolicyIndex index, const policy::TestCase& test,
                                  Reached& reached) const {
        auto reference = untold_;
        if (!test.registry.empty()) {
            auto registry = registry_of(test);
            if (!registry) return registry.error().reason;
            reference = reference_with({.registry = std::move(*registry), .tables = {}});
        }
        std::vector<correlate::Firing> firings;
        Replay::Options options;
        options.on_firing = [&](const correlate::Firing& firing) {
            if (firing.policy == index) firings.push_back(firing);
        };
        const auto rules = reached.rules_of(index);
        options.on_call = [&](const call::Call& call) {
            for (const auto rule : rules) reached.note(rule, call);
        };
        auto replay = Replay::make(std::move(reference), std::move(options));
        if (!replay) return std::unexpected(replay.error());
        std::string lines;
        for (const auto& given : test.given) lines += records_of(given);
        (*replay)->lines(*formats_->find("json"), lines, 0, base::WallTime::max());
        (*replay)->finish();
        if ((*replay)->rejects().empty()) return compare(firings, test);
        const auto& reject = (*replay)->rejects().front();
        return "call " + std::to_string(reject.line) +
               " could not be read: " + std::string(name(reject.code));
    }

private:
    Runner(std::shared_ptr<const decode::Formats> formats,
           std::shared_ptr<const policy::Set> policies)
        : formats_(std::move(formats)),
          policies_(std::move(policies)),
          untold_(reference_with({})) {}

    [[nodiscard]] std::shared_ptr<const Reference> reference_with(enrich::Snapshot facts) const {
        return make_reference(formats_, policies_, std::move(facts), std::string(32, 't'),
                              Purpose::match);
    }

    std::shared_ptr<const decode::Formats> formats_;
    std::shared_ptr<const policy::Set> policies_;
    std::shared_ptr<const Reference> untold_;
};

}  // namespace

std::size_t TestCoverage::reached() const noexcept {
    std::size_t out = 0;
    for (const auto& policy : policies)
        out += std::size_t{policy.positive} + std::size_t{policy.negative};
    for (const auto& selection : selections)
        out += std::size_t{selection.was_true} + std::size_t{selection.was_false};
    return out;
}

double TestCoverage::percent() const noexcept {
    if (total() == 0) return 100;
    return 100 * static_cast<double>(reached()) / static_cast<double>(total());
}

base::Result<TestReport> run_policy_tests(std::shared_ptr<const policy::Set> policies,
                                          const std::string& filter) {
    const auto runner = Runner::make(policies);
    if (!runner) return std::unexpected(runner.error());
    TestReport report;
    Reached reached(*policies);
    for (policy::PolicyIndex index = 0; index < policies->policies().size(); ++index) {
        const auto& policy = policies->policies()[index];
        TestCoverage::Policy covered{index};
        for (const auto& test : policy.tests) {
            if ((policy.title + "\n" + policy.name + "\n" + test.name).find(filter) ==
                std::string::npos)
                continue;
            const auto began = std::chrono::steady_clock::now();
            auto detail = runner->run(index, test, reached);
            if (!detail) return std::unexpected(detail.error());
            report.outcomes.push_back({index, test.name, test.line, detail->empty(),
                                       std::move(*detail),
                                       std::chrono::steady_clock::now() - began});
            (test.expect.empty() ? covered.negative : covered.positive) = true;
        }
        if (policy.generate) report.coverage.policies.push_back(covered);
    }
    report.coverage.selections = reached.selections();
    return report;
}

}  // namespace pipeline
