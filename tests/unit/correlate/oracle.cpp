#include "oracle.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <sstream>

namespace oracle {
namespace {

using Key = std::vector<std::optional<std::string>>;
using policy::Correlation;
using policy::PolicyIndex;

struct Hit {
    std::int64_t time = 0;
    std::size_t rule = 0;
    std::vector<std::string> texts;  // of value_count
    double number = 0;               // of the metric types
    std::size_t call = 0;            // hits of one call have one number
};

struct Group {
    std::vector<Hit> hits;
    bool fired = false;
    std::int64_t quiet_until = 0;
    bool quiet = false;
};

/// The tests' calls use the short name.
std::string short_name(const std::string& name) {
    return name == "metadata.tenant_uid" ? "tenant_uid" : name;
}

std::optional<std::string> text_of(const boost::json::object& fields, const std::string& name) {
    const auto* value = fields.if_contains(short_name(name));
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return std::string(value->get_string());
    if (value->is_int64()) return std::to_string(value->get_int64());
    if (value->is_double()) {
        std::ostringstream text;
        text << value->get_double();  // the tests' numbers have one decimal
        return text.str();
    }
    return std::nullopt;
}

double percentile(std::vector<double> numbers, double p) {
    std::sort(numbers.begin(), numbers.end());
    const double rank = p / 100 * static_cast<double>(numbers.size() - 1);
    const double low = numbers[static_cast<std::size_t>(std::floor(rank))];
    const double high = numbers[static_cast<std::size_t>(std::ceil(rank))];
    return low + (high - low) * (rank - std::floor(rank));
}

/// The longest choice of one hit a rule, in list order, with non-decreasing times.
std::size_t longest_chain(const std::vector<Hit>& window, std::size_t rules) {
    std::function<std::size_t(std::size_t, std::int64_t)> best = [&](std::size_t rule,
                                                                     std::int64_t after) {
        if (rule == rules) return std::size_t{0};
        std::size_t found = best(rule + 1, after);
        // The earliest hit that will do leaves most room for the rest.
        std::optional<std::int64_t> first;
        for (const Hit& hit : window) {
            if (hit.rule == rule && hit.time >= after && (!first || hit.time < *first)) {
                first = hit.time;
            }
        }
        if (first) found = std::max(found, 1 + best(rule + 1, *first));
        return found;
    };
    return best(0, std::numeric_limits<std::int64_t>::min());
}

std::vector<double> intervals(const std::vector<Hit>& window) {
    std::vector<double> out;
    for (std::size_t i = 1; i < window.size(); ++i) {
        out.push_back(static_cast<double>(window[i].time - window[i - 1].time));
    }
    return out;
}

/// 1.4826 MAD over median.
double variation(const std::vector<double>& gaps) {
    if (gaps.empty()) return 0;
    const double median = percentile(gaps, 50);
    std::vector<double> deviations;
    for (const double gap : gaps) deviations.push_back(std::abs(gap - median));
    return median == 0 ? 0 : 1.4826 * percentile(deviations, 50) / median;
}

class Machine {
public:
    explicit Machine(const policy::Set& set) : set_(set) {}

    /// Everything that was waited for in vain up to a time, soonest first.
    void expire(std::int64_t until) {
        for (;;) {
            std::optional<std::pair<std::int64_t, std::size_t>> soonest;
            Key whose;
            const auto order = set_.correlations();
            for (const auto& [place, group] : groups_) {
                const auto rank =
                    static_cast<std::size_t>(std::ranges::find(order, place.first) - order.begin());
                const auto open = unanswered(place.first, group);
                if (open.empty()) continue;
                const auto span = set_.correlation(place.first)->timespan.count();
                const std::pair due{open.front().time + span, rank};
                if (due.first > until || (soonest && *soonest <= due)) continue;
                soonest = due;
                whose = place.second;
            }
            if (!soonest) return;
            const PolicyIndex index = order[soonest->second];
            Group& group = groups_[{index, whose}];
            const auto& correlation = *set_.correlation(index);
            const std::size_t seen =
                correlation.rules.size() > 1 ? unanswered(index, group).size() : group.hits.size();
            group.hits.clear();
            if (seen < correlation.at_least) continue;
            if (set_.policies()[index].generate) {
                fired.push_back({soonest->first, index, whose, static_cast<double>(seen)});
            }
            chain(index, whose, soonest->first);
        }
    }

    void event(const world::Event& event) {
        expire(event.time - 1);
        // Direct hits of inner correlations come before those of outer ones.
        for (const PolicyIndex rule : event.rules) plain(rule, event);
        for (const PolicyIndex outer : set_.correlations()) {
            const Correlation& correlation = *set_.correlation(outer);
            std::map<Key, std::vector<Hit>> direct;
            ++call_;
            for (std::size_t r = 0; r < correlation.rules.size(); ++r) {
                if (!std::ranges::binary_search(event.rules, correlation.rules[r])) continue;
                Hit hit{event.time, r, {}, 0, call_};
                if (!fill(correlation, r, event.fields, hit)) continue;
                Key key;
                for (const auto& name : correlation.group_by) {
                    key.push_back(text_of(event.fields, name.in_rule[r]));
                }
                auto& hits = direct[key];
                const bool all = correlation.type == Correlation::Type::temporal ||
                                 correlation.type == Correlation::Type::temporal_ordered ||
                                 correlation.type == Correlation::Type::ratio ||
                                 correlation.type == Correlation::Type::absence;
                if (hits.empty() || all) hits.push_back(hit);
            }
            for (const auto& [key, hits] : direct) apply(outer, key, hits);
        }
    }

    std::vector<Fired> fired;

private:
    void plain(PolicyIndex rule, const world::Event& event) {
        const policy::Policy& policy = set_.policies()[rule];
        if (!policy.generate) return;
        Key key;
        if (!policy.callerprint.subject_field.empty()) {
            key.push_back(text_of(event.fields, policy.callerprint.subject_field));
        }
        Group& group = groups_[{rule, key}];
        if (policy.callerprint.quiet) {
            if (group.quiet && event.time < group.quiet_until) return;
            group.quiet = true;
            group.quiet_until = event.time + policy.callerprint.quiet->count();
        }
        fired.push_back({event.time, rule, key, 1});
    }

    static bool fill(const Correlation& correlation, std::size_t rule,
                     const boost::json::object& fields, Hit& hit) {
        switch (correlation.type) {
            case Correlation::Type::value_count:
            case Correlation::Type::new_value:
                for (const auto& field : correlation.fields) {
                    const auto text = text_of(fields, field.in_rule[rule]);
                    if (!text) return false;
                    hit.texts.push_back(*text);
                }
                return true;
            case Correlation::Type::value_sum:
            case Correlation::Type::value_avg:
            case Correlation::Type::value_percentile:
            case Correlation::Type::value_median: {
                const auto* value = fields.if_contains(correlation.fields[0].in_rule[rule]);
                if (value == nullptr || !value->is_number()) return false;
                hit.number = value->to_number<double>();
                return true;
            }
            default:
                return true;
        }
    }

    static double measure(const Correlation& correlation, const std::vector<Hit>& window) {
        std::vector<double> numbers;
        std::set<std::vector<std::string>> texts;
        std::set<std::size_t> rules;
        long double sum = 0;
        for (const Hit& hit : window) {
            numbers.push_back(hit.number);
            texts.insert(hit.texts);
            rules.insert(hit.rule);
            sum += hit.number;
        }
        switch (correlation.type) {
            case Correlation::Type::event_count:
                return static_cast<double>(window.size());
            case Correlation::Type::value_count:
            case Correlation::Type::new_value:
                return static_cast<double>(texts.size());
            case Correlation::Type::temporal:
                return static_cast<double>(rules.size());
            case Correlation::Type::temporal_ordered:
                return static_cast<double>(longest_chain(window, correlation.rules.size()));
            case Correlation::Type::value_sum:
                return static_cast<double>(sum);
            case Correlation::Type::value_avg:
                return static_cast<double>(sum) / static_cast<double>(window.size());
            case Correlation::Type::value_percentile:
                return percentile(numbers, correlation.percentile);
            case Correlation::Type::value_median:
                return percentile(numbers, 50);
            case Correlation::Type::ratio: {
                const auto [numerator, denominator] = counts(correlation, window);
                return denominator == 0 ? 0 : numerator / denominator;
            }
            case Correlation::Type::cadence:
                return variation(intervals(window));
            case Correlation::Type::absence:
                break;
        }
        return 0;
    }

    /// Numerator and denominator of a ratio.
    static std::pair<double, double> counts(const Correlation& correlation,
                                            const std::vector<Hit>& window) {
        std::set<std::size_t> calls;
        for (const Hit& hit : window) {
            if (correlation.over_all || hit.rule == 1) calls.insert(hit.call);
        }
        const auto first = std::ranges::count(window, 0u, &Hit::rule);
        return {static_cast<double>(first), static_cast<double>(calls.size())};
    }

    static bool steady(const Correlation& correlation, const std::vector<Hit>& window) {
        const auto gaps = intervals(window);
        if (gaps.size() < correlation.at_least) return false;
        const double median = percentile(gaps, 50);
        return median > 0 && meets(correlation.interval, median);
    }

    static bool holds(const Correlation& correlation, const std::vector<Hit>& window) {
        if (window.empty()) return false;
        if (correlation.type == Correlation::Type::ratio &&
            counts(correlation, window).second < static_cast<double>(correlation.at_least)) {
            return false;
        }
        const double value = measure(correlation, window);
        if (!correlation.expression.steps.empty()) {
            return correlation.expression.holds([&](std::uint32_t rule) {
                return std::ranges::any_of(window, [&](const Hit& h) { return h.rule == rule; });
            });
        }
        if (correlation.bounds.empty()) {
            return value == static_cast<double>(correlation.rules.size());
        }
        if (correlation.type == Correlation::Type::cadence && !steady(correlation, window)) {
            return false;
        }
        return meets(correlation.bounds, value);
    }

    static bool meets(const std::vector<Correlation::Bound>& bounds, double value) {
        return std::ranges::all_of(bounds, [&](const Correlation::Bound& bound) {
            switch (bound.op) {
                case Correlation::Operator::gt:
                    return value > bound.value;
                case Correlation::Operator::gte:
                    return value >= bound.value;
                case Correlation::Operator::lt:
                    return value < bound.value;
                case Correlation::Operator::lte:
                    return value <= bound.value;
                case Correlation::Operator::eq:
                    return value == bound.value;
                case Correlation::Operator::neq:
                    return value != bound.value;
            }
            return false;
        });
    }

    /// The hits of an absence that nothing followed, the oldest first; of one rule the last hit.
    [[nodiscard]] std::vector<Hit> unanswered(PolicyIndex index, const Group& group) const {
        const Correlation* correlation = set_.correlation(index);
        if (correlation == nullptr || correlation->type != Correlation::Type::absence) return {};
        std::vector<Hit> out;
        for (const Hit& hit : group.hits) {
            const bool answered = std::ranges::any_of(group.hits, [&](const Hit& other) {
                if (correlation->rules.size() > 1) return other.rule == 1 && other.time >= hit.time;
                return &other > &hit;
            });
            if (!answered) out.push_back(hit);
        }
        return out;
    }

    static std::vector<Hit> between(const std::vector<Hit>& hits, std::int64_t from,
                                    std::int64_t to) {
        std::vector<Hit> out;
        for (const Hit& hit : hits) {
            if (hit.time >= from && hit.time <= to) out.push_back(hit);
        }
        return out;
    }

    /// Whether nothing of the span before showed the hit's value, in a group that is old enough:
    /// its hits reach back that far without a gap above the span.
    static bool is_new(const Correlation& correlation, const std::vector<Hit>& hits,
                       const Hit& hit) {
        const std::int64_t span = correlation.timespan.count();
        std::int64_t born = hit.time;
        for (auto before = hits.rbegin(); before != hits.rend(); ++before) {
            if (before->time < born - span) break;
            born = before->time;
        }
        const auto known = between(hits, hit.time - span, hit.time);
        return hit.time - born >= correlation.learn.count() &&
               std::ranges::find(known, hit.texts, &Hit::texts) == known.end();
    }

    void apply_new_value(PolicyIndex index, const Key& key, const Hit& hit) {
        const Correlation& correlation = *set_.correlation(index);
        auto& hits = groups_[{index, key}].hits;
        const bool fires = is_new(correlation, hits, hit);
        hits.push_back(hit);
        if (!fires) return;
        const auto window = between(hits, hit.time - correlation.timespan.count(), hit.time);
        if (set_.policies()[index].generate) {
            fired.push_back({hit.time, index, key, measure(correlation, window)});
        }
        chain(index, key, hit.time);
    }

    void apply(PolicyIndex index, const Key& key, const std::vector<Hit>& hits) {
        const Correlation& correlation = *set_.correlation(index);
        if (correlation.type == Correlation::Type::new_value) {
            return apply_new_value(index, key, hits.front());
        }
        const std::int64_t span = correlation.timespan.count();
        Group& group = groups_[{index, key}];
        if (correlation.type == Correlation::Type::absence) {
            group.hits.insert(group.hits.end(), hits.begin(), hits.end());
            return;
        }
        const std::int64_t at = hits.front().time;
        if (!group.hits.empty() && group.fired) {
            const std::int64_t last = group.hits.back().time;
            // The condition can change only just after a hit has left.
            for (const Hit& leaving : group.hits) {
                if (leaving.time < last - span || leaving.time >= at - span) continue;
                if (!holds(correlation, between(group.hits, leaving.time + 1, last))) {
                    group.fired = false;
                }
            }
        }
        group.hits.insert(group.hits.end(), hits.begin(), hits.end());
        const auto window = between(group.hits, at - span, at);
        const bool now = holds(correlation, window);
        const bool rises = now && !group.fired;
        group.fired = now;
        if (!rises) return;
        if (set_.policies()[index].generate) {
            fired.push_back({at, index, key, measure(correlation, window)});
        }
        chain(index, key, at);
    }

    void chain(PolicyIndex inner, const Key& key, std::int64_t at) {
        const Correlation& from = *set_.correlation(inner);
        boost::json::object values;
        for (std::size_t i = 0; i < key.size(); ++i) {
            if (key[i]) values[short_name(from.group_by[i].name)] = *key[i];
        }
        for (const PolicyIndex outer : set_.correlations()) {
            const Correlation& correlation = *set_.correlation(outer);
            for (std::size_t r = 0; r < correlation.rules.size(); ++r) {
                if (correlation.rules[r] != inner) continue;
                Hit hit{at, r, {}, 0, ++call_};
                if (!fill(correlation, r, values, hit)) continue;
                Key outer_key;
                for (const auto& name : correlation.group_by) {
                    outer_key.push_back(text_of(values, name.in_rule[r]));
                }
                apply(outer, outer_key, {hit});
            }
        }
    }

    const policy::Set& set_;
    std::size_t call_ = 0;
    std::map<std::pair<PolicyIndex, Key>, Group> groups_;
};

}  // namespace

std::vector<Fired> run(const policy::Set& set, std::vector<world::Event> events) {
    std::ranges::sort(events, [](const world::Event& a, const world::Event& b) {
        return std::tie(a.time, a.id) < std::tie(b.time, b.id);
    });
    Machine machine(set);
    for (const auto& event : events) machine.event(event);
    if (!events.empty()) machine.expire(events.back().time);
    std::ranges::sort(machine.fired);
    return machine.fired;
}

std::vector<Fired> view(const std::vector<correlate::Firing>& firings) {
    std::vector<Fired> out;
    for (const auto& firing : firings) {
        if (firing.repeat) continue;
        Fired fired{base::micros(firing.at), firing.policy, {}, firing.value};
        for (const auto& part : firing.group) fired.group.push_back(part.value);
        out.push_back(std::move(fired));
    }
    std::ranges::sort(out);
    return out;
}

}  // namespace oracle
