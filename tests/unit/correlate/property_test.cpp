#include "oracle.hpp"

#include <algorithm>
#include <random>

namespace {

using world::Event;
using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
}

/// Every type, every kind of bound, chains over one group key and over two. The other set has the
/// same and more, in another order, but for the rules.
std::shared_ptr<const policy::Set> policies(bool other = false) {
    using world::correlation;
    const std::string by = "    group-by: [tenant_uid]\n    timespan: ";
    std::vector<std::string> correlations;
    std::string text = world::rule("a") + world::rule("b") + world::rule("c");
    text += world::rule("quiet_rule", "callerprint: { subject: tenant, quiet: 10s }\n");
    text += world::rule("loud_rule", "callerprint: { subject: tenant }\n");
    const auto add = [&](const std::string& name, const std::string& type, const std::string& rules,
                         const std::string& rest) {
        correlations.push_back(
            correlation(name, "    type: " + type + "\n    rules: [" + rules + "]\n" + rest));
    };
    add("count", "event_count", "a", by + "5s\n    condition: { gte: 3 }\n");
    add("range", "event_count", "a, b", by + "7s\n    condition: { gt: 2, lt: 5 }\n");
    add("exactly", "event_count", "a, c", by + "6s\n    condition: { eq: 2 }\n");
    add("unlike", "event_count", "b", by + "6s\n    condition: { neq: 2 }\n");
    add("few", "event_count", "b", by + "4s\n    condition: { lte: 2 }\n");
    add("everything", "event_count", "a, b, c", "    timespan: 3s\n    condition: { gte: 9 }\n");
    add("two_keys", "event_count", "a",
        "    group-by: [tenant_uid, key]\n    timespan: 8s\n    condition: { gte: 2 }\n");
    add("values", "value_count", "a, b", by + "6s\n    condition: { field: key, gte: 3 }\n");
    add("tuples", "value_count", "a",
        by + "9s\n    condition: { field: [key, n], gt: 3, lte: 6 }\n");
    add("together", "temporal", "a, b, c", by + "3s\n");
    add("two_of", "temporal", "a, b, c", by + "2s\n    condition: { gte: 2 }\n");
    add("in_order", "temporal_ordered", "a, b, c", by + "5s\n");
    add("two_in_order", "temporal_ordered", "c, b, a", by + "3s\n    condition: { eq: 2 }\n");
    add("logic", "temporal", "a, b, c", by + "4s\n    condition: a and (b or c) and not c\n");
    add("sum", "value_sum", "a", by + "5s\n    condition: { field: n, gte: 12 }\n");
    add("mean", "value_avg", "a, b", by + "5s\n    condition: { field: n, gt: 4.5, lt: 7 }\n");
    add("ninety", "value_percentile", "a",
        by + "6s\n    condition: { field: n, gte: 7, percentile: 90 }\n");
    add("middle", "value_median", "a", by + "6s\n    condition: { field: n, lt: 3.5 }\n");
    add("inner", "event_count", "c", by + "2s\n    condition: { gte: 2 }\n");
    add("outer", "temporal", "inner, a", by + "6s\n");
    add("outermost", "event_count", "outer, inner", by + "20s\n    condition: { gte: 3 }\n");
    add("inner_pair", "event_count", "b",
        "    group-by: [tenant_uid, key]\n    timespan: 5s\n    condition: { gte: 2 }\n");
    add("many_keys", "value_count", "inner_pair",
        by + "15s\n    condition: { field: key, gte: 2 }\n");
    add("novel", "new_value", "a, b", by + "4s\n    condition: { field: key }\n    learn: 6s\n");
    add("novel_pair", "new_value", "c", by + "9s\n    condition: { field: [key, n] }\n");
    add("novel_burst", "new_value", "inner_pair",
        by + "12s\n    condition: { field: key }\n    learn: 2s\n");
    add("after_novel", "event_count", "novel", by + "9s\n    condition: { gte: 2 }\n");
    add("joint", "joint", "a, b, c", by + "2s\n    weights: { b: 2 }\n    condition: { gte: 3 }\n");
    add("between", "joint", "c, b, a",
        by + "4s\n    weights: { b: 3, a: 2 }\n    condition: { gt: 1, lt: 6, neq: 3 }\n");
    add("accusation", "joint", "novel, inner, a, share",
        by + "5s\n    weights: { novel: 2, share: 2 }\n    condition: { gte: 4 }\n");
    add("share", "ratio", "a, b", by + "6s\n    at-least: 2\n    condition: { gte: 0.8 }\n");
    add("share_of_all", "ratio", "b, a, c",
        by + "8s\n    over: all\n    at-least: 3\n    condition: { gt: 0.3, lt: 0.7 }\n");
    add("rarely", "ratio", "c, a", by + "9s\n    at-least: 3\n    condition: { lte: 0.25 }\n");
    add("share_of_bursts", "ratio", "inner, b",
        by + "12s\n    at-least: 2\n    condition: { gte: 0.5 }\n");
    add("share_of_chains", "ratio", "a, inner, outer",
        by + "12s\n    at-least: 4\n    over: all\n    condition: { gte: 0.5, lt: 1 }\n");
    add("rhythm", "cadence", "a", by + "15s\n    condition: { lte: 0.4 }\n    at-least: 3\n");
    add("tempo", "cadence", "b, c",
        by + "20s\n    condition: { gt: 0.1, lt: 1.2 }\n    at-least: 4\n"
             "    interval: { gte: 500ms, lt: 3s }\n");
    add("pace_of_outer", "cadence", "inner",
        by + "40s\n    condition: { lt: 1 }\n    at-least: 3\n");
    add("silent", "absence", "a", by + "5s\n");
    add("silent_after_some", "absence", "a", by + "4s\n    at-least: 3\n");
    add("unanswered", "absence", "a, b", by + "4s\n");
    add("stopped", "absence", "b", "    group-by: [tenant_uid, key]\n    timespan: 7s\n");
    add("many_stopped", "value_count", "stopped",
        by + "12s\n    condition: { field: key, gte: 2 }\n");
    add("stopped_and_c", "temporal_ordered", "c, stopped", by + "9s\n");
    add("no_more_stopped", "absence", "stopped", by + "6s\n");
    add("no_c_after_count", "absence", "inner, outer", by + "8s\n");
    add("a_stops_nothing", "absence", "a, stopped", by + "10s\n");
    if (other) {
        add("only_there", "event_count", "a", by + "9s\n    condition: { gte: 1 }\n");
        add("awaited_there", "absence", "b", by + "3s\n");
        std::ranges::reverse(correlations);
    }
    for (const std::string& each : correlations) text += each;
    return world::load(text);
}

Event random_event(Random& random, const std::vector<policy::PolicyIndex>& rules,
                   std::int64_t span) {
    Event event;
    event.time =
        static_cast<std::int64_t>(below(random, static_cast<std::size_t>(span))) * world::second;
    if (below(random, 3) == 0) event.time += static_cast<std::int64_t>(below(random, 1'000'000));
    event.id = below(random, 1'000'000'000);
    if (below(random, 12) != 0) event.fields["tenant_uid"] = below(random, 2) == 0 ? "t1" : "t2";
    if (below(random, 8) != 0) event.fields["key"] = "k" + std::to_string(below(random, 5));
    if (below(random, 6) != 0) {
        const auto n = static_cast<std::int64_t>(below(random, 10));
        if (below(random, 3) == 0) {
            event.fields["n"] = static_cast<double>(n) + 0.1;
        } else if (below(random, 10) == 0) {
            event.fields["n"] = "five";
        } else {
            event.fields["n"] = n;
        }
    }
    for (const auto rule : rules) {
        if (below(random, 5) < 2) event.rules.push_back(rule);
    }
    return event;
}

/// Moves firings to `out`, with the places that their policies have in `set`.
void collect(world::Bench& bench, const policy::Set& set, std::vector<correlate::Firing>& out) {
    for (correlate::Firing& firing : bench.fired) {
        const auto policies = set.policies();
        const auto same = std::ranges::find(policies, bench.set().policies()[firing.policy].name,
                                            &policy::Policy::name);
        if (same == policies.end()) continue;
        firing.policy = static_cast<policy::PolicyIndex>(same - policies.begin());
        out.push_back(std::move(firing));
    }
    bench.fired.clear();
}

/// Gives the events to engines, one a shard, in an order of arrival that keeps the lateness, in
/// random batches, restarting here and there, and reloading the set and, if there is one, the
/// other. The lateness is up to seven times `unit`.
std::vector<correlate::Firing> arrive(const std::shared_ptr<const policy::Set>& set,
                                      const std::vector<Event>& events, Random& random,
                                      std::int64_t unit = world::second,
                                      const std::shared_ptr<const policy::Set>& other = nullptr) {
    const std::int64_t lateness = static_cast<std::int64_t>(below(random, 8)) * unit;
    std::vector<std::pair<std::int64_t, const Event*>> arrivals;
    for (const Event& event : events) {
        const auto delay = below(random, static_cast<std::size_t>(lateness) + 1);
        arrivals.emplace_back(event.time + static_cast<std::int64_t>(delay), &event);
    }
    std::shuffle(arrivals.begin(), arrivals.end(), random);
    std::ranges::sort(arrivals, {}, &std::pair<std::int64_t, const Event*>::first);
    const auto shards = static_cast<unsigned>(1 + below(random, 4));
    std::vector<world::Bench> benches;
    for (unsigned shard = 0; shard < shards; ++shard) {
        correlate::Engine::Options options;
        options.shard = shard;
        options.shard_count = shards;
        benches.emplace_back(set, options);
    }
    const std::size_t batch = 1 + below(random, 40);
    std::int64_t newest = 0;
    std::vector<correlate::Firing> out;
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
        newest = std::max(newest, arrivals[i].second->time);
        for (auto& bench : benches) {
            bench.observe(*arrivals[i].second, i);
            if (i % batch != 0) continue;
            bench.engine().advance(base::event_time(newest - lateness - 1), bench.fired);
            if (below(random, 6) == 0) bench.restart();
            // What shard a chain is of follows from the policies in it.
            if (other == nullptr || shards > 1 || below(random, 3) != 0) continue;
            collect(bench, *set, out);
            bench.reload(below(random, 2) == 0 ? set : other);
        }
    }
    for (auto& bench : benches) {
        bench.finish();
        EXPECT_EQ(bench.engine().stats().late, 0u);
        EXPECT_TRUE(std::ranges::is_sorted(bench.fired, correlate::before));
        collect(bench, *set, out);
    }
    return out;
}

std::string print(const policy::Set& set, const std::vector<oracle::Fired>& firings) {
    std::string out;
    for (const auto& fired : firings) {
        out += set.policies()[fired.policy].name + " " + std::to_string(fired.at);
        for (const auto& part : fired.group) out += " " + part.value_or("-");
        out += " = " + std::to_string(fired.value) + "\n";
    }
    return out;
}

std::string difference(const policy::Set& set, const std::vector<oracle::Fired>& found,
                       const std::vector<oracle::Fired>& expected) {
    std::vector<oracle::Fired> extra;
    std::vector<oracle::Fired> missing;
    std::ranges::set_difference(found, expected, std::back_inserter(extra));
    std::ranges::set_difference(expected, found, std::back_inserter(missing));
    return "too many:\n" + print(set, extra) + "missing:\n" + print(set, missing);
}

TEST(Property, ArrivalOrderBatchesShardsRestartsAndReloadsChangeNothing) {
    const auto set = policies();
    const auto other = policies(true);
    ASSERT_NE(set, nullptr);
    ASSERT_NE(other, nullptr);
    std::vector<policy::PolicyIndex> rules;
    for (const auto* name : {"a", "b", "c", "quiet_rule", "loud_rule"}) {
        rules.push_back(world::index_of(*set, name));
    }
    std::ranges::sort(rules);
    std::size_t firings = 0;
    std::vector<std::size_t> by_policy(set->policies().size());
    for (unsigned seed = 0; seed < 250; ++seed) {
        Random random(seed);
        std::vector<Event> events;
        const std::size_t count = 15 + below(random, 60);
        const auto span = static_cast<std::int64_t>(10 + below(random, 60));
        for (std::size_t i = 0; i < count; ++i) {
            events.push_back(random_event(random, rules, span));
        }
        const auto expected = oracle::run(*set, events);
        firings += expected.size();
        for (const auto& fired : expected) ++by_policy[fired.policy];
        for (int permutation = 0; permutation < 5; ++permutation) {
            const auto found = oracle::view(arrive(set, events, random, world::second, other));
            ASSERT_TRUE(found == expected) << "seed " << seed << "\n"
                                           << difference(*set, found, expected);
        }
    }
    EXPECT_GT(firings, 10'000u);
    for (std::size_t i = 0; i < by_policy.size(); ++i) {
        if (set->policies()[i].generate) EXPECT_GT(by_policy[i], 20u) << set->policies()[i].name;
    }
}

/// Weeks of calls, most of them in a few hours of the week, and now and then many.
std::vector<Event> random_weeks(Random& random, const std::vector<policy::PolicyIndex>& rules) {
    constexpr std::int64_t hour = 3'600 * world::second;
    std::vector<Event> out;
    const auto weeks = static_cast<std::int64_t>(3 + below(random, 9));
    const auto habit = static_cast<std::int64_t>(below(random, 168));
    for (std::int64_t week = 0; week < weeks; ++week) {
        if (below(random, 8) == 0) week += static_cast<std::int64_t>(below(random, 6));
        const std::size_t calls = below(random, 6) * (below(random, 4) == 0 ? 5 : 1);
        for (std::size_t i = 0; i < calls + 2; ++i) {
            Event event;
            auto at = week * 168 + habit;
            if (below(random, 4) == 0)
                at = week * 168 + static_cast<std::int64_t>(below(random, 168));
            event.time = at * hour + static_cast<std::int64_t>(below(random, 3'600'000'000));
            event.id = below(random, 1'000'000'000);
            event.fields["tenant_uid"] = below(random, 3) == 0 ? "t1" : "t2";
            for (const auto rule : rules)
                if (below(random, 3) > 0) event.rules.push_back(rule);
            out.push_back(std::move(event));
        }
    }
    return out;
}

TEST(Property, WeeksOfHistoryDoNotDependOnArrivalEither) {
    const std::string by = "    group-by: [tenant_uid]\n    timespan: 1h\n";
    const auto baseline = [&](const std::string& name, const std::string& rest) {
        return world::correlation(name, "    type: baseline\n" + by + rest);
    };
    const std::string rules_ab = world::rule("a") + world::rule("b");
    const std::string three =
        baseline("above",
                 "    rules: [a]\n    condition: { gte: 2 }\n    at-least: 2\n"
                 "    history: 2w\n") +
        baseline("far_above",
                 "    rules: [a, b]\n    condition: { gt: 4 }\n    at-least: 4\n"
                 "    history: 3w\n") +
        baseline("times",
                 "    rules: [b]\n    condition: { gte: 1.5 }\n    at-least: 3\n"
                 "    history: 17d\n    measure: factor\n");
    const auto twice = world::correlation("twice",
                                          "    type: event_count\n    rules: [above, times]\n"
                                          "    group-by: [tenant_uid]\n    timespan: 6d\n"
                                          "    condition: { gte: 2 }\n    generate: true\n");
    const auto set = world::load(rules_ab + three + twice);
    const auto other = world::load(rules_ab + twice + three);
    ASSERT_NE(set, nullptr);
    ASSERT_NE(other, nullptr);
    std::vector<policy::PolicyIndex> rules{world::index_of(*set, "a"), world::index_of(*set, "b")};
    std::ranges::sort(rules);
    std::vector<std::size_t> by_policy(set->policies().size());
    for (unsigned seed = 0; seed < 300; ++seed) {
        Random random(seed);
        const auto events = random_weeks(random, rules);
        const auto expected = oracle::run(*set, events);
        for (const auto& fired : expected) ++by_policy[fired.policy];
        for (int permutation = 0; permutation < 4; ++permutation) {
            const auto found =
                oracle::view(arrive(set, events, random, 900 * world::second, other));
            ASSERT_TRUE(found == expected) << "seed " << seed << "\n"
                                           << difference(*set, found, expected);
        }
    }
    for (const auto* name : {"above", "far_above", "times", "twice"})
        EXPECT_GT(by_policy[world::index_of(*set, name)], 20u) << name;
}

TEST(Property, SampleAndEpisodesDoNotDependOnArrivalEither) {
    const auto set = policies();
    ASSERT_NE(set, nullptr);
    std::vector<policy::PolicyIndex> rules{world::index_of(*set, "a"), world::index_of(*set, "b")};
    std::ranges::sort(rules);
    for (unsigned seed = 0; seed < 50; ++seed) {
        Random random(seed);
        std::vector<Event> events;
        for (int i = 0; i < 60; ++i) events.push_back(random_event(random, rules, 30));
        // Blocks are given by content here, since the journal's depend on arrival.
        const auto run = [&](std::uint64_t shuffle) {
            auto order = events;
            Random other(shuffle);
            std::shuffle(order.begin(), order.end(), other);
            world::Bench bench(set);
            for (const Event& event : order) bench.observe(event, event.id);
            return bench.finish();
        };
        const auto first = run(1);
        const auto second = run(2);
        ASSERT_EQ(first.size(), second.size());
        for (std::size_t i = 0; i < first.size(); ++i) {
            EXPECT_EQ(first[i].sample, second[i].sample);
            EXPECT_EQ(first[i].episode, second[i].episode);
            EXPECT_EQ(first[i].group, second[i].group);
            EXPECT_FALSE(first[i].sample.empty());
            EXPECT_LE(first[i].sample.size(), 5u);
        }
    }
}

}  // namespace
