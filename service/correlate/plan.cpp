#include "correlate/plan.hpp"

#include "base/digest.hpp"
#include "call/field.hpp"
#include "correlate/baseline_window.hpp"
#include "correlate/siphash.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace correlate {
namespace {

using policy::Correlation;
using policy::PolicyIndex;

Counter::Kind kind_of(const Correlation& correlation, std::size_t limit) {
    switch (correlation.type) {
        case Correlation::Type::event_count:
            // A ring cannot hold that many hits exactly; a sum of ones is bounded.
            return limit > exact_hits ? Counter::Kind::sum : Counter::Kind::count;
        case Correlation::Type::value_count:
            return limit > few_values ? Counter::Kind::distinct : Counter::Kind::few;
        case Correlation::Type::temporal:
            return Counter::Kind::temporal;
        case Correlation::Type::temporal_ordered:
            return Counter::Kind::ordered;
        case Correlation::Type::value_sum:
            return Counter::Kind::sum;
        case Correlation::Type::value_avg:
            return Counter::Kind::average;
        case Correlation::Type::value_percentile:
        case Correlation::Type::value_median:
            return Counter::Kind::rank;
        case Correlation::Type::new_value:
            return Counter::Kind::new_value;
        case Correlation::Type::ratio:
            return Counter::Kind::ratio;
        case Correlation::Type::cadence:
            return Counter::Kind::cadence;
        case Correlation::Type::absence:
            return Counter::Kind::absence;
        case Correlation::Type::baseline:
            return Counter::Kind::baseline;
        case Correlation::Type::joint:
            return Counter::Kind::joint;
    }
    return Counter::Kind::count;
}

/// From this count on no bound changes its mind.
std::size_t limit_of(const Correlation& correlation) {
    if (correlation.type == Correlation::Type::new_value) return exact_hits;
    double highest = 0;
    for (const auto& bound : correlation.bounds) highest = std::max(highest, bound.value);
    return static_cast<std::size_t>(std::min(std::floor(highest), 1e9)) + 1;
}

/// What only some types have: others are to keep the signatures that saved states know.
void add_options(const Correlation& correlation, base::LengthPrefixed& text) {
    if (correlation.type < Correlation::Type::new_value) return;
    if (correlation.type == Correlation::Type::new_value) {
        text.add(correlation.learn.count());
        return;
    }
    text.add(static_cast<std::int64_t>(correlation.at_least));
    if (correlation.type == Correlation::Type::ratio) {
        text.add(correlation.over_all ? "all" : "second");
    }
    for (const std::uint32_t weight : correlation.weights) {
        text.add(static_cast<std::int64_t>(weight));
    }
    if (correlation.type == Correlation::Type::baseline) {
        text.add(correlation.history.count()).add(static_cast<std::int64_t>(correlation.factor));
    }
    for (const auto& bound : correlation.interval) {
        text.add(policy::name(bound.op)).add(std::to_string(bound.value));
    }
}

std::string signature_of(const policy::Set& set, const Correlation& correlation) {
    base::LengthPrefixed text;
    text.add(policy::name(correlation.type)).add(correlation.timespan.count());
    for (const auto& bound : correlation.bounds) {
        text.add(policy::name(bound.op)).add(std::to_string(bound.value));
    }
    text.add(std::to_string(correlation.percentile));
    for (const auto& step : correlation.expression.steps) {
        text.add(static_cast<std::int64_t>(step.kind)).add(static_cast<std::int64_t>(step.rule));
    }
    for (const auto* names : {&correlation.group_by, &correlation.fields}) {
        text.add(static_cast<std::int64_t>(names->size()));
        for (const auto& name : *names) {
            text.add(name.name);
            for (const auto& in_rule : name.in_rule) text.add(in_rule);
        }
    }
    for (const PolicyIndex rule : correlation.rules) {
        const Correlation* inner = set.correlation(rule);
        text.add(inner != nullptr ? signature_of(set, *inner) : set.policies()[rule].digest);
    }
    add_options(correlation, text);
    const auto digest = base::sha256(text.text());
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::uint64_t seed_of(std::string_view text) {
    return siphash(0x636f756e746572, 0x73656564, text);
}

Counter plain(const policy::Set& set, PolicyIndex index) {
    const policy::Policy& policy = set.policies()[index];
    Counter out;
    out.policy = index;
    out.key = policy.key();
    out.span = policy.callerprint.quiet.value_or(std::chrono::microseconds{0}).count();
    out.keep = out.span;
    out.sweep_every = std::max(out.span / 4, out.sweep_every);
    if (!policy.callerprint.subject_field.empty()) {
        out.group_names.push_back(policy.callerprint.subject_field);
    }
    // A plain rule remembers only whom it told about: a change of its detection keeps that.
    base::LengthPrefixed text;
    text.add("plain").add(out.span).add(policy.callerprint.subject_field);
    const auto digest = base::sha256(text.text());
    out.signature.assign(reinterpret_cast<const char*>(digest.data()), digest.size());
    return out;
}

Counter correlated(const policy::Set& set, PolicyIndex index) {
    const policy::Policy& policy = set.policies()[index];
    const Correlation& correlation = *set.correlation(index);
    Counter out;
    out.policy = index;
    out.correlation = &correlation;
    out.key = policy.key();
    out.limit = limit_of(correlation);
    out.kind = kind_of(correlation, out.limit);
    out.signature = signature_of(set, correlation);
    out.span = correlation.timespan.count();
    out.keep = out.kind == Counter::Kind::baseline ? BaselineWindow::lives : out.span;
    out.sweep_every = std::max<std::int64_t>(out.keep / 4, 1);
    out.rules = correlation.rules.size();
    out.emits = policy.generate;
    for (const auto& name : correlation.group_by) out.group_names.push_back(name.name);
    return out;
}

Feed feed_of(const Counter& counter, std::uint32_t place, std::uint32_t rule,
             const call::Names& names) {
    Feed out{place, rule, {}, {}};
    for (const auto& name : counter.correlation->group_by) {
        out.group.push_back(names.find(name.in_rule[rule]));
    }
    for (const auto& name : counter.correlation->fields) {
        out.fields.push_back(names.find(name.in_rule[rule]));
    }
    return out;
}

std::uint32_t place_of(std::string_view name, const std::vector<std::string>& names) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (call::canonical(names[i]) == call::canonical(name))
            return static_cast<std::uint32_t>(i);
    }
    return Chain::absent;
}

Chain chain_of(const Counter& outer, std::uint32_t place, std::uint32_t rule,
               const Counter& inner) {
    Chain out{place, rule, {}, {}};
    for (const auto& name : outer.correlation->group_by) {
        out.group.push_back(place_of(name.in_rule[rule], inner.group_names));
    }
    for (const auto& name : outer.correlation->fields) {
        out.fields.push_back(place_of(name.in_rule[rule], inner.group_names));
    }
    return out;
}

/// True when a firing's key is the key of the group it feeds, part by part.
bool same_key(const Chain& chain, const Counter& inner) {
    if (chain.group.size() != inner.group_names.size()) return false;
    for (std::uint32_t i = 0; i < chain.group.size(); ++i) {
        if (chain.group[i] != i) return false;
    }
    return true;
}

/// A firing cannot cross shards, so the policies of a chain are divided alike or not at all.
void assign_shards(Plan& plan) {
    std::vector<std::uint32_t> root(plan.counters.size());
    std::iota(root.begin(), root.end(), 0u);
    const auto find = [&](std::uint32_t at) {
        while (root[at] != at) at = root[at];
        return at;
    };
    for (std::uint32_t inner = 0; inner < plan.chains.size(); ++inner) {
        for (const Chain& chain : plan.chains[inner]) root[find(inner)] = find(chain.counter);
    }
    std::vector<bool> mixed(plan.counters.size());
    for (std::uint32_t inner = 0; inner < plan.chains.size(); ++inner) {
        for (const Chain& chain : plan.chains[inner]) {
            if (!same_key(chain, plan.counters[inner])) mixed[find(inner)] = true;
        }
    }
    for (std::uint32_t i = 0; i < plan.counters.size(); ++i) {
        plan.counters[i].shard_seed = plan.counters[find(i)].seed;
        plan.counters[i].one_shard = mixed[find(i)];
    }
}

}  // namespace

SameCounters::SameCounters(const std::vector<Counter>& counters) {
    // Looking through all for each was 17 ms of a reload's pause with 3,500 rules.
    for (std::size_t i = counters.size(); i-- > 0;) {
        places_[{counters[i].key, counters[i].signature}].push_back(static_cast<std::uint32_t>(i));
    }
}

std::uint32_t SameCounters::take(std::string_view key, std::string_view signature) {
    const auto found = places_.find({key, signature});
    if (found == places_.end() || found->second.empty()) return Chain::absent;
    const std::uint32_t place = found->second.back();
    found->second.pop_back();
    return place;
}

bool Counter::holds(double value) const noexcept {
    if (!correlation->bounds.empty()) return correlation->within_bounds(value);
    return value >= static_cast<double>(rules);
}

Plan plan_of(std::shared_ptr<const policy::Set> set, const call::Names& names) {
    Plan plan;
    plan.set = std::move(set);
    const auto policies = plan.set->policies();
    plan.feeds.resize(policies.size());
    std::vector<std::uint32_t> place(policies.size(), Chain::absent);
    const auto add = [&](PolicyIndex index, Counter counter) {
        counter.seed = seed_of(counter.key);
        place[index] = static_cast<std::uint32_t>(plan.counters.size());
        plan.counters.push_back(std::move(counter));
    };
    for (PolicyIndex i = 0; i < policies.size(); ++i) {
        if (policies[i].kind != policy::Policy::Kind::rule || !policies[i].generate) continue;
        add(i, plain(*plan.set, i));
        Feed feed{place[i], 0, {}, {}};
        for (const auto& name : plan.counters.back().group_names) {
            feed.group.push_back(names.find(name));
        }
        plan.feeds[i].push_back(std::move(feed));
    }
    for (const PolicyIndex i : plan.set->correlations()) add(i, correlated(*plan.set, i));
    plan.chains.resize(plan.counters.size());
    for (std::uint32_t c = 0; c < plan.counters.size(); ++c) {
        const Counter& counter = plan.counters[c];
        if (counter.correlation == nullptr) continue;
        for (std::uint32_t r = 0; r < counter.rules; ++r) {
            const PolicyIndex rule = counter.correlation->rules[r];
            if (plan.set->correlation(rule) == nullptr) {
                plan.feeds[rule].push_back(feed_of(counter, c, r, names));
            } else {
                plan.chains[place[rule]].push_back(
                    chain_of(counter, c, r, plan.counters[place[rule]]));
            }
        }
    }
    assign_shards(plan);
    return plan;
}

}  // namespace correlate
