// Runs tests/scenario: the pure folders in a row, from calls to alerts.
#include "../../fake/json_call.hpp"
#include "alert/grouper.hpp"
#include "correlate/engine.hpp"
#include "policies.hpp"
#include "policy/matcher.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

namespace {

namespace json = boost::json;

std::filesystem::path folder() {
    return std::filesystem::path(CALLERPRINT_ROOT) / "tests/scenario";
}

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    EXPECT_TRUE(file) << path;
    std::ostringstream out;
    out << file.rdbuf();
    return out.str();
}

std::vector<json::object> lines_of(const std::filesystem::path& path) {
    std::istringstream lines(text_of(path));
    std::vector<json::object> out;
    for (std::string line; std::getline(lines, line);) {
        if (!line.empty()) out.push_back(json::parse(line).as_object());
    }
    return out;
}

/// "2025-06-01T08:00:00Z" or the like; scenarios use whole seconds.
base::EventTime time_of(const json::object& call) {
    const std::string text(call.at("time").as_string());
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    EXPECT_EQ(std::sscanf(text.c_str(), "%d-%u-%uT%d:%d:%dZ", &year, &month, &day, &hour, &minute,
                          &second),
              6);
    const std::chrono::sys_days date{std::chrono::year{year} / std::chrono::month{month} /
                                     std::chrono::day{day}};
    const std::int64_t days = date.time_since_epoch().count();
    return base::event_time((((days * 24 + hour) * 60 + minute) * 60 + second) * 1'000'000);
}

/// The alerts as they stand at the end, in order of opening.
std::vector<json::object> run(const std::shared_ptr<const policy::Set>& set,
                              const std::vector<json::object>& calls,
                              const std::vector<std::size_t>& order) {
    auto names = std::make_shared<call::Names>();
    set->want(*names);
    call::Batch batch(names);
    for (std::size_t i = 0; i < calls.size(); ++i) {
        fake::append(batch, calls[i], time_of(calls[i]), i + 1);
    }
    policy::Matcher matcher(set, names);
    const auto route = matcher.route({"", "", "api_call"});
    correlate::Engine engine(set, names, {});
    std::vector<policy::PolicyIndex> matched;
    std::vector<correlate::Firing> firings;
    for (const std::size_t i : order) {
        matcher.match(batch[i], route, matched);
        engine.observe(batch[i], matched, 1, firings);
    }
    auto newest = base::EventTime::min();
    for (const auto& call : calls) newest = std::max(newest, time_of(call));
    engine.finish(newest, firings);
    alert::Grouper grouper(set, {});
    std::vector<alert::Change> changes;
    for (const auto& firing : firings) grouper.apply(firing, changes);
    std::vector<json::object> alerts;
    std::map<std::string, std::size_t> places;
    for (const auto& change : changes) {
        if (change.kind == alert::Change::Kind::opened) {
            places[change.alert.id] = alerts.size();
            alerts.push_back(alert::to_json(change.alert));
        } else {
            const auto now = alert::to_json(change.alert);
            json::object& alert = alerts.at(places.at(change.alert.id));
            alert["last_seen"] = now.at("last_seen");
            alert["count"] = now.at("count");
        }
    }
    return alerts;
}

void compare(const json::object& wanted, const json::object& found) {
    for (const auto& [name, value] : wanted) {
        const json::value& has =
            name == "policy" ? found.at("policy").as_object().at("name") : found.at(name);
        EXPECT_EQ(json::serialize(has), json::serialize(value)) << std::string(name);
    }
}

class Scenario : public testing::TestWithParam<std::string> {};

TEST_P(Scenario, GivesItsAlertsWhateverTheOrderOfArrival) {
    const auto path = folder() / GetParam();
    const auto set = fixture::load(text_of(path / "policy.yaml"));
    ASSERT_NE(set, nullptr);
    const auto calls = lines_of(path / "calls.jsonl");
    const auto wanted = lines_of(path / "alerts.jsonl");
    std::vector<std::size_t> order(calls.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    const auto first = run(set, calls, order);
    ASSERT_EQ(first.size(), wanted.size()) << json::serialize(json::value_from(first));
    for (std::size_t i = 0; i < wanted.size(); ++i) compare(wanted[i], first[i]);
    std::mt19937_64 random(1);
    for (int round = 0; round < 5; ++round) {
        std::shuffle(order.begin(), order.end(), random);
        EXPECT_EQ(run(set, calls, order), first);
    }
}

std::vector<std::string> scenarios() {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
        if (entry.is_directory()) out.push_back(entry.path().filename().string());
    }
    std::ranges::sort(out);
    return out;
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
    std::string out = info.param;
    std::ranges::replace(out, '-', '_');
    return out;
}

INSTANTIATE_TEST_SUITE_P(Folder, Scenario, testing::ValuesIn(scenarios()), test_name);

}  // namespace
