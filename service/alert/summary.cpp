#include "alert/summary.hpp"

#include "base/utf8.hpp"
#include "call/field.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace alert {
namespace {

using policy::Correlation;

constexpr std::size_t most_named_rules = 5;
constexpr std::size_t shown_of_key = 8;  // enough to recognise a key, too little to use it

bool harmless(char32_t c) {
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return false;  // control
    if (c >= 0x200b && c <= 0x200f) return false;           // zero width, direction marks
    if (c >= 0x2028 && c <= 0x202e) return false;           // line ends, direction overrides
    if (c >= 0x2060 && c <= 0x206f) return false;           // invisible, direction isolates
    return c != 0xfeff && c != 0x061c && !(c >= 0xfff9 && c <= 0xfffb) &&
           !(c >= 0xe0000 && c <= 0xe007f);
}

/// What several values of a field are called.
std::string plural(std::string_view field) {
    const auto known = call::field_of(field);
    if (known) {
        switch (*known) {
            case call::Field::key_uid:
                return "keys";
            case call::Field::tenant_uid:
                return "tenants";
            case call::Field::src_ip:
                return "addresses";
            case call::Field::src_network:
                return "networks";
            case call::Field::src_country:
                return "countries";
            case call::Field::src_asn:
                return "autonomous systems";
            case call::Field::operation:
                return "operations";
            case call::Field::service:
                return "services";
            case call::Field::model:
                return "models";
            case call::Field::cloud_region:
                return "regions";
            case call::Field::user_agent:
                return "user agents";
            case call::Field::party_uid:
                return "parties";
            case call::Field::origin_exact:
            case call::Field::origin_place:
            case call::Field::origin_kind:
            case call::Field::origin_software:
                return "origins";
            default:
                break;
        }
    }
    return "values of " + line_text(field);
}

std::string names_text(const Correlation& correlation) {
    std::string names;
    for (const auto& field : correlation.fields) {
        names += (names.empty() ? "" : ", ") + line_text(field.name);
    }
    return names;
}

std::string fields_text(const Correlation& correlation) {
    if (correlation.fields.size() == 1) return plural(correlation.fields.front().name);
    return "combinations of " + names_text(correlation);
}

std::string one_of_fields(const Correlation& correlation) {
    return (correlation.fields.size() == 1 ? "value of " : "combination of ") +
           names_text(correlation);
}

std::string field_text(const Correlation& correlation) {
    return correlation.fields.empty() ? "" : line_text(correlation.fields.front().name);
}

std::string rule_text(const policy::Set& set, policy::PolicyIndex rule) {
    const policy::Policy& policy = set.policies()[rule];
    return line_text(policy.name.empty() ? policy.title : policy.name);
}

/// "41 hits of refused to 50 of called, a ratio of 0.82".
std::string ratio_text(const policy::Set& set, const Correlation& correlation,
                       const correlate::Firing& firing) {
    const auto total = static_cast<double>(firing.total);
    const double hits = std::round(firing.value * total);
    std::string out = number_text(hits) + (hits == 1 ? " hit of " : " hits of ") +
                      rule_text(set, correlation.rules.front());
    out += correlation.over_all
               ? " in " + number_text(total) + " calls"
               : " to " + number_text(total) + " of " + rule_text(set, correlation.rules.back());
    return out + ", a ratio of " + (firing.exact ? "" : "about ") + number_text(firing.value);
}

/// A number beside the one compared; "?" of a firing that has none of that name.
std::string figure(const correlate::Firing& firing, std::string_view name) {
    const auto found = std::ranges::find(firing.figures, name, &correlate::Figure::name);
    return found == firing.figures.end() ? "?" : number_text(found->value);
}

/// "2 of 4 rules (leaked_key, resale) held, which weighs 3".
std::string joint_text(const policy::Set& set, const Correlation& correlation,
                       const correlate::Firing& firing) {
    std::string names;
    for (std::size_t i = 0; i < std::min(firing.held.size(), most_named_rules); ++i) {
        names += (i == 0 ? "" : ", ") + rule_text(set, correlation.rules[firing.held[i]]);
    }
    if (firing.held.size() > most_named_rules) {
        names += " and " + std::to_string(firing.held.size() - most_named_rules) + " more";
    }
    return std::to_string(firing.held.size()) + " of " + std::to_string(correlation.rules.size()) +
           " rules (" + names + ") held, which weighs " + number_text(firing.value) + ",";
}

/// What was counted, with its number.
std::string counted(const policy::Set& set, const Correlation& correlation,
                    const correlate::Firing& firing) {
    const std::string number = (firing.exact ? "" : "about ") + number_text(firing.value);
    switch (correlation.type) {
        case Correlation::Type::event_count:
            return number + (firing.value == 1 ? " matching call" : " matching calls");
        case Correlation::Type::value_count:
            return number + " different " + fields_text(correlation);
        case Correlation::Type::temporal:
            return number + " of " + std::to_string(correlation.rules.size()) + " rules held";
        case Correlation::Type::temporal_ordered:
            return number + " of " + std::to_string(correlation.rules.size()) +
                   " rules held in order";
        case Correlation::Type::value_sum:
            return field_text(correlation) + " added up to " + number;
        case Correlation::Type::value_avg:
            return field_text(correlation) + " was " + number + " on average";
        case Correlation::Type::value_percentile:
            return "percentile " + number_text(correlation.percentile) + " of " +
                   field_text(correlation) + " was " + number;
        case Correlation::Type::value_median:
            return "the median of " + field_text(correlation) + " was " + number;
        case Correlation::Type::new_value:
            return "a new " + one_of_fields(correlation);
        case Correlation::Type::ratio:
            return ratio_text(set, correlation, firing);
        case Correlation::Type::joint:
            return joint_text(set, correlation, firing);
        case Correlation::Type::cadence:
            return "a matching call every " + figure(firing, "interval_seconds") +
                   " s, regular to " + number + " over " + figure(firing, "intervals") +
                   " intervals,";
        case Correlation::Type::absence:
        case Correlation::Type::baseline:
            break;  // said otherwise
    }
    return number;
}

/// Beside what else the new value stands. Forgetting errs to one side, and the words say to which.
std::string remembered(const Correlation& correlation, const correlate::Firing& firing) {
    const double others = firing.value - 1;
    const std::string known = number_text(others) + (others == 1 ? " other" : " others");
    const std::string span = duration_text(correlation.timespan);
    if (firing.exact) return ", not seen for " + span + "; " + known + " seen since then";
    return ", not among the " + known + " seen last within " + span;
}

std::string shown(std::string_view field, const std::optional<std::string>& value) {
    if (!value) return "(absent)";
    const bool key = call::canonical(field) == call::name(call::Field::key_uid);
    return key ? key_text(*value) : line_text(*value);
}

/// " by tenant t1", " from origin of1:ab", " for region=eu, model=m".
std::string about(const policy::Policy& policy, const correlate::Firing& firing,
                  const Subject& subject) {
    if (subject.kind == "group") {
        std::string parts;
        for (const auto& part : firing.group) {
            parts += (parts.empty() ? "" : ", ") + line_text(part.name) + "=" +
                     shown(part.name, part.value);
        }
        return parts.empty() ? "" : " for " + parts;
    }
    std::optional<std::string> value;
    if (!subject.value.empty()) value = subject.value;
    const std::string text = shown(policy.callerprint.subject_field, value);
    if (subject.kind == "origin") return " from origin " + text;
    if (subject.kind == "custom") {
        return " for " + line_text(policy.callerprint.subject_field) + " " + text;
    }
    return " by " + subject.kind + " " + text;
}

std::string flagged(const Correlation::Bound& bound) {
    const std::string number = number_text(bound.value);
    switch (bound.op) {
        case Correlation::Operator::gt:
            return "more than " + number;
        case Correlation::Operator::gte:
            return "at least " + number;
        case Correlation::Operator::lt:
            return "less than " + number;
        case Correlation::Operator::lte:
            return "at most " + number;
        case Correlation::Operator::eq:
            return "exactly " + number;
        case Correlation::Operator::neq:
            return "anything but " + number;
    }
    return number;
}

/// An hour beside what is usual in it.
std::string compared(const Correlation& correlation, const correlate::Firing& firing,
                     const std::string& who) {
    return figure(firing, "hits") + " matching calls" + who + " within an hour in which " +
           figure(firing, "usual") + " are usual, by " + figure(firing, "weeks") +
           " weeks: " + number_text(firing.value) +
           (correlation.factor ? " times as many" : " deviations above");
}

/// What did not come.
std::string missed(const policy::Set& set, const Correlation& correlation,
                   const correlate::Firing& firing, const std::string& who) {
    const std::string wait = duration_text(correlation.timespan);
    const auto title = [&](std::size_t rule) {
        return "'" + line_text(set.policies()[correlation.rules[rule]].title, 200) + "'";
    };
    if (correlation.rules.size() > 1) {
        return title(0) + who + " was not followed by " + title(1) + " within " + wait;
    }
    return "no further call" + who + " for " + wait + ", after " + number_text(firing.value) +
           (firing.value == 1 ? " matching call" : " matching calls");
}

std::string allowed(const Correlation& correlation) {
    if (!correlation.expression.steps.empty()) return "the policy's expression holds";
    if (correlation.bounds.empty()) return "the policy asks for all of them";
    const auto& bound = correlation.bounds.front();
    const std::string from = correlation.type == Correlation::Type::ratio
                                 ? " from " + std::to_string(correlation.at_least) + " on"
                                 : "";
    const bool counts = correlation.type == Correlation::Type::event_count ||
                        correlation.type == Correlation::Type::value_count;
    if (correlation.bounds.size() == 1 && bound.op == Correlation::Operator::gte) {
        return std::string("the policy allows ") + (counts ? "fewer" : "less") + " than " +
               number_text(bound.value) + from;
    }
    if (correlation.bounds.size() == 1 && bound.op == Correlation::Operator::gt) {
        return "the policy allows at most " + number_text(bound.value) + from;
    }
    std::string out;
    for (const auto& each : correlation.bounds) out += (out.empty() ? "" : " and ") + flagged(each);
    return "the policy flags " + out + from;
}

}  // namespace

std::string line_text(std::string_view text, std::size_t longest) {
    std::string out;
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); ++count) {
        if (count == longest) return out + "…";
        const auto decoded = base::utf8::decode(text, at);
        at += decoded.size;
        const bool keep = decoded.code_point != base::utf8::invalid && harmless(decoded.code_point);
        base::utf8::append(out, keep ? decoded.code_point : 0xfffd);
    }
    return out;
}

std::string key_text(std::string_view key, std::size_t longest) {
    return line_text(key, key.size() > shown_of_key + 4 ? shown_of_key : longest);
}

std::string number_text(double number) {
    char text[64];
    const bool whole = std::abs(number) < 1e15 && number == std::floor(number);
    std::snprintf(text, sizeof text, whole ? "%.0f" : "%.6g", number);
    return text;
}

std::string duration_text(std::chrono::microseconds duration) {
    constexpr std::pair<std::int64_t, const char*> units[] = {
        {86'400'000'000, " d"}, {3'600'000'000, " h"}, {60'000'000, " min"}, {1'000'000, " s"}};
    const std::int64_t count = duration.count();
    // "24 h" reads better than "1 d", and "90 s" than "1.5 min".
    for (const auto& [unit, text] : units) {
        if (unit == 86'400'000'000 && count < 2 * unit) continue;
        if (count % unit == 0) return std::to_string(count / unit) + text;
    }
    return number_text(static_cast<double>(count) / 1e6) + " s";
}

std::string detection_of(const policy::Set& set, policy::PolicyIndex policy) {
    const Correlation* correlation = set.correlation(policy);
    return correlation == nullptr ? "rule" : std::string(policy::name(correlation->type));
}

bool is_shadow(const policy::Policy& policy) noexcept {
    return policy.status != "stable" && !policy.status.empty();
}

std::string summary_of(const policy::Set& set, const correlate::Firing& firing,
                       const Subject& subject) {
    const policy::Policy& policy = set.policies()[firing.policy];
    const Correlation* correlation = set.correlation(firing.policy);
    const std::string who = about(policy, firing, subject);
    if (correlation == nullptr) {
        return line_text(policy.title, 200) + ": a call" + who +
               (firing.behind ? "; its record came late" : "");
    }
    if (correlation->type == Correlation::Type::new_value) {
        return counted(set, *correlation, firing) + who + remembered(*correlation, firing);
    }
    if (correlation->type == Correlation::Type::absence) {
        return missed(set, *correlation, firing, who);
    }
    if (correlation->type == Correlation::Type::baseline) {
        return compared(*correlation, firing, who) + "; " + allowed(*correlation);
    }
    return counted(set, *correlation, firing) + who + " within " +
           duration_text(correlation->timespan) + "; " + allowed(*correlation);
}

}  // namespace alert
