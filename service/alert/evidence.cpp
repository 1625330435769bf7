#include "alert/evidence.hpp"

#include "alert/summary.hpp"

#include <boost/json/array.hpp>

#include <cmath>

namespace alert {
namespace json = boost::json;
namespace {

double seconds_of(std::chrono::microseconds span) {
    return static_cast<double>(span.count()) / 1e6;
}

json::array bounds_of(const policy::Correlation& correlation) {
    json::array out;
    for (const auto& bound : correlation.bounds) {
        out.push_back({{"op", policy::name(bound.op)}, {"value", bound.value}});
    }
    // A temporal correlation without a condition asks for every rule it lists.
    if (out.empty() && correlation.fields.empty() && correlation.expression.steps.empty()) {
        out.push_back({{"op", "gte"}, {"value", static_cast<double>(correlation.rules.size())}});
    }
    return out;
}

json::object number_of(const policy::Correlation& correlation, const correlate::Firing& firing) {
    json::array fields;
    for (const auto& field : correlation.fields) fields.emplace_back(field.name);
    json::object out{{"value", firing.value},
                     {"exact", firing.exact},
                     {"fields", std::move(fields)},
                     {"bounds", bounds_of(correlation)}};
    if (correlation.type == policy::Correlation::Type::value_percentile) {
        out["percentile"] = correlation.percentile;
    }
    if (correlation.type == policy::Correlation::Type::new_value) {
        out["learn_seconds"] = seconds_of(correlation.learn);
    }
    if (correlation.type == policy::Correlation::Type::ratio) {
        const auto total = static_cast<double>(firing.total);
        out["numerator"] = std::llround(firing.value * total);
        out["denominator"] = firing.total;
        out["at_least"] = correlation.at_least;
        out["over"] = correlation.over_all ? "all" : "second";
    }
    for (const auto& figure : firing.figures) out[figure.name] = figure.value;
    return out;
}

json::object window_of(const policy::Correlation& correlation, const correlate::Firing& firing) {
    return {{"from", base::to_rfc3339(firing.window_start)},
            {"to", base::to_rfc3339(firing.at)},
            {"seconds", seconds_of(correlation.timespan)}};
}

}  // namespace

json::object evidence_of(const policy::Set& set, const correlate::Firing& firing) {
    json::object out{{"detection", detection_of(set, firing.policy)},
                     {"at", base::to_rfc3339(firing.at)},
                     {"group", to_json(firing.group)}};
    if (const auto* correlation = set.correlation(firing.policy); correlation != nullptr) {
        out["number"] = number_of(*correlation, firing);
        out["window"] = window_of(*correlation, firing);
        json::array rules;
        for (const auto rule : correlation->rules) {
            const policy::Policy& policy = set.policies()[rule];
            rules.push_back(
                {{"key", policy.key()}, {"title", policy.title}, {"digest", policy.digest}});
        }
        out["rules"] = std::move(rules);
    }
    // The times already judged when the record came: a search of them before did not see it.
    if (firing.behind) out["late"] = json::object{{"behind", base::to_rfc3339(*firing.behind)}};
    json::array sample;
    for (const auto& ref : firing.sample) {
        sample.push_back({{"block", ref.block}, {"record", ref.record}});
    }
    out["sample"] = std::move(sample);
    return out;
}

}  // namespace alert
