#include "correlate/engine.hpp"
#include "fake/json_call.hpp"
#include "policy/matcher.hpp"
#include "policy/set.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view key) {
    const auto& text = object.at(key).as_string();
    return {text.data(), text.size()};
}

/// The vectors' times are whole or fractional seconds in UTC.
base::EventTime time_of(const std::string& text) {
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    int hour = 0;
    int minute = 0;
    double seconds = 0;
    EXPECT_EQ(std::sscanf(text.c_str(), "%d-%u-%uT%d:%d:%lfZ", &year, &month, &day, &hour, &minute,
                          &seconds),
              6)
        << text;
    const std::chrono::sys_days date{std::chrono::year{year} / std::chrono::month{month} /
                                     std::chrono::day{day}};
    const std::int64_t days = date.time_since_epoch().count();
    return base::event_time(((days * 24 + hour) * 60 + minute) * 60'000'000 +
                            static_cast<std::int64_t>(seconds * 1e6 + 0.5));
}

using Alert = std::tuple<std::string, std::string, std::int64_t>;  // title, group, time

std::string group_text(std::vector<std::pair<std::string, std::string>> parts) {
    std::ranges::sort(parts);
    std::string out;
    for (const auto& [name, value] : parts) out += name + "=" + value + "|";
    return out;
}

std::multiset<Alert> expected(const json::object& vector) {
    std::multiset<Alert> out;
    for (const auto& alert : vector.at("expected_alerts").as_array()) {
        std::vector<std::pair<std::string, std::string>> parts;
        for (const auto& part : alert.at("group").as_object()) {
            const auto& value = part.value();
            parts.emplace_back(part.key(), value.is_string() ? std::string(value.get_string())
                                                             : json::serialize(value));
        }
        out.emplace(text_of(alert.as_object(), "rule"), group_text(parts),
                    base::micros(time_of(text_of(alert.as_object(), "at"))));
    }
    return out;
}

/// Alerts of the correlations no other one refers to.
std::multiset<Alert> found(const policy::Set& set, const std::vector<correlate::Firing>& firings) {
    std::set<policy::PolicyIndex> inner;
    for (const auto outer : set.correlations()) {
        const auto& rules = set.correlation(outer)->rules;
        inner.insert(rules.begin(), rules.end());
    }
    std::multiset<Alert> out;
    for (const auto& firing : firings) {
        if (inner.contains(firing.policy) || set.correlation(firing.policy) == nullptr) continue;
        std::vector<std::pair<std::string, std::string>> parts;
        for (const auto& part : firing.group) {
            parts.emplace_back(part.name, part.value.value_or("null"));
        }
        out.emplace(set.policies()[firing.policy].title, group_text(parts),
                    base::micros(firing.at));
    }
    return out;
}

std::multiset<Alert> run(const std::shared_ptr<const policy::Set>& set, const json::array& events,
                         const std::vector<std::size_t>& order) {
    auto names = std::make_shared<call::Names>();
    set->want(*names);
    call::Batch batch(names);
    for (std::size_t i = 0; i < events.size(); ++i) {
        const auto& event = events[i].as_object();
        fake::append(batch, event, time_of(text_of(event, "timestamp")), i);
    }
    policy::Matcher matcher(set, names, true);
    correlate::Engine engine(set, names, {});
    std::vector<policy::PolicyIndex> matched;
    std::vector<correlate::Firing> firings;
    for (const std::size_t i : order) {
        matcher.match(batch[i], matcher.route({}), matched);
        engine.observe(batch[i], matched, 0, firings);
    }
    auto newest = base::EventTime::min();
    for (std::size_t i = 0; i < events.size(); ++i) newest = std::max(newest, batch[i].time());
    engine.finish(newest, firings);
    return found(*set, firings);
}

TEST(Conformance, EveryCorrelationVectorGivesItsAlertsInAnyOrderOfArrival) {
    std::ifstream file(std::string(CALLERPRINT_ROOT) +
                       "/../shared/conformance/correlation_vectors.jsonl");
    ASSERT_TRUE(file);
    std::size_t count = 0;
    for (std::string line; std::getline(file, line); ++count) {
        const json::object vector = json::parse(line).as_object();
        SCOPED_TRACE(text_of(vector, "name"));
        const policy::File rules{"rules.yaml", text_of(vector, "rules")};
        const auto set = policy::Set::load({&rules, 1}, {});
        ASSERT_TRUE(set) << policy::to_text(set.error().front());
        const auto& events = vector.at("events").as_array();
        std::vector<std::size_t> order(events.size());
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
        std::mt19937_64 random(count);
        for (int round = 0; round < 10; ++round) {
            EXPECT_EQ(run(*set, events, order), expected(vector));
            std::shuffle(order.begin(), order.end(), random);
        }
    }
    EXPECT_GT(count, 0u);
}

}  // namespace
