#include "pipeline/policy_test.hpp"

#include "call/field.hpp"
#include "pipeline/replay.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace pipeline {
namespace {

using Expected = std::vector<std::pair<std::string, std::string>>;

constexpr base::EventTime test_start =
    base::event_time(1'704'067'200'000'000);  // 2024-01-01T00:00:00Z

/// The call as a record of format json, which is read by name.
std::string record_of(const policy::TestCall& call) {
    boost::json::object record;
    for (const auto& [name, value] : call.values) record[call::canonical(name)] = value;
    record["timestamp"] = base::to_rfc3339(call.at.value_or(test_start + call.after));
    return boost::json::serialize(record);
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

}  // namespace

base::Result<std::vector<TestOutcome>> run_policy_tests(std::shared_ptr<const policy::Set> policies,
                                                        const std::string& filter) {
    auto formats = decode::Formats::load({});
    if (!formats) return std::unexpected(formats.error());
    const auto* json = (*formats)->find("json");
    const auto reference =
        make_reference(*formats, policies, {}, std::string(32, 't'), Purpose::match);
    std::vector<TestOutcome> outcomes;
    for (policy::PolicyIndex index = 0; index < policies->policies().size(); ++index) {
        const auto& policy = policies->policies()[index];
        for (const auto& test : policy.tests) {
            if ((policy.title + "\n" + policy.name + "\n" + test.name).find(filter) ==
                std::string::npos)
                continue;
            std::vector<correlate::Firing> firings;
            Replay::Options options;
            options.on_firing = [&](const correlate::Firing& firing) {
                if (firing.policy == index) firings.push_back(firing);
            };
            auto replay = Replay::make(reference, std::move(options));
            if (!replay) return std::unexpected(replay.error());
            std::string lines;
            for (const auto& given : test.given) lines += record_of(given) + '\n';
            (*replay)->lines(*json, lines, 0, base::WallTime::max());
            (*replay)->finish();
            auto detail = compare(firings, test);
            if (!(*replay)->rejects().empty()) {
                detail =
                    "call " + std::to_string((*replay)->rejects().front().line) +
                    " could not be read: " + std::string(name((*replay)->rejects().front().code));
            }
            outcomes.push_back({index, test.name, test.line, detail.empty(), std::move(detail)});
        }
    }
    return outcomes;
}

}  // namespace pipeline
