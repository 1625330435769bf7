#include "pipeline/policy_test.hpp"

#include "call/field.hpp"
#include "pipeline/replay.hpp"
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

/// Runs the tests of one set.
class Runner {
public:
    static base::Result<Runner> make(std::shared_ptr<const policy::Set> policies) {
        auto formats = decode::Formats::load({});
        if (!formats) return std::unexpected(formats.error());
        return Runner(std::move(*formats), std::move(policies));
    }

    /// What is wrong; empty when nothing is.
    base::Result<std::string> run(policy::PolicyIndex index, const policy::TestCase& test) const {
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

base::Result<std::vector<TestOutcome>> run_policy_tests(std::shared_ptr<const policy::Set> policies,
                                                        const std::string& filter) {
    const auto runner = Runner::make(policies);
    if (!runner) return std::unexpected(runner.error());
    std::vector<TestOutcome> outcomes;
    for (policy::PolicyIndex index = 0; index < policies->policies().size(); ++index) {
        const auto& policy = policies->policies()[index];
        for (const auto& test : policy.tests) {
            if ((policy.title + "\n" + policy.name + "\n" + test.name).find(filter) ==
                std::string::npos)
                continue;
            auto detail = runner->run(index, test);
            if (!detail) return std::unexpected(detail.error());
            outcomes.push_back({index, test.name, test.line, detail->empty(), std::move(*detail)});
        }
    }
    return outcomes;
}

}  // namespace pipeline
