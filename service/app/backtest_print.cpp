// How a backtest is shown: as JSON for programs, as text for people.
#include "app/backtest_report.hpp"
#include "app/output.hpp"
#include "base/log.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <tuple>

namespace app {
namespace {

namespace json = boost::json;
using Kind = alert::Difference::Kind;
using Judged = std::map<alert::Disposition, std::uint64_t>;

constexpr std::size_t shown_alerts = 10;  // of each kind, as text
constexpr std::size_t shown_tenants = 20;

json::value time_or_null(const std::optional<base::EventTime>& time) {
    return time ? json::value(base::to_rfc3339(*time)) : json::value(nullptr);
}

json::value text_or_null(std::string_view text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

std::uint64_t count_of(const Judged& judged, alert::Disposition disposition) {
    const auto found = judged.find(disposition);
    return found == judged.end() ? 0 : found->second;
}

alert::Precision precision_of(const Judged& judged) {
    using alert::Disposition;
    return alert::precision(count_of(judged, Disposition::true_positive),
                            count_of(judged, Disposition::benign_positive),
                            count_of(judged, Disposition::false_positive));
}

/// Four decimals: more would be noise, and differ between compilers.
double rounded(double value) {
    return static_cast<double>(static_cast<std::int64_t>(value * 10'000 + 0.5)) / 10'000;
}

json::object judged_json(const Judged& judged) {
    const auto precision = precision_of(judged);
    json::object out{{"true_positive", count_of(judged, alert::Disposition::true_positive)},
                     {"benign_positive", count_of(judged, alert::Disposition::benign_positive)},
                     {"false_positive", count_of(judged, alert::Disposition::false_positive)},
                     {"undetermined", count_of(judged, alert::Disposition::undetermined)}};
    const bool any = precision.right + precision.wrong > 0;
    out["precision"] = any ? json::value(rounded(precision.estimate)) : json::value(nullptr);
    if (any) out["interval"] = json::array{rounded(precision.low), rounded(precision.high)};
    return out;
}

/// "0.75 (9 of 12)", or that nobody judged any.
std::string precision_text(const Judged& judged) {
    const auto precision = precision_of(judged);
    const auto all = precision.right + precision.wrong;
    if (all == 0) return "-";
    char text[96];
    std::snprintf(text, sizeof text, "%.2f (%llu of %llu)", precision.estimate,
                  static_cast<unsigned long long>(precision.right),
                  static_cast<unsigned long long>(all));
    return text;
}

json::object alert_json(const alert::Alert& alert) {
    return {{"id", alert.id},
            {"opened", base::to_rfc3339(alert.opened)},
            {"last_seen", base::to_rfc3339(alert.last_seen)},
            {"count", alert.count},
            {"level", alert.level},
            {"shadow", alert.shadow},
            {"summary", alert.summary}};
}

json::array names_json(const std::set<std::string>& names) {
    json::array out;
    for (const auto& name : names) out.emplace_back(name);
    return out;
}

std::string names_text(const std::set<std::string>& names) {
    if (names.empty()) return "none";
    std::string out;
    std::size_t count = 0;
    for (const auto& name : names) {
        if (++count > shown_tenants) break;
        out += (out.empty() ? "" : ", ") + base::log::safe(name);
    }
    if (names.size() > shown_tenants)
        out += " and " + std::to_string(names.size() - shown_tenants) + " more";
    return out;
}

json::object side_json(const BacktestSide& side) {
    return {{"what", side.what},
            {"revision", side.set->digest()},
            {"policies", side.set->policies().size()},
            {"alerts", side.alerts.size()}};
}

/// new, removed, edited or the same.
const char* fate(const policy::Policy* before, const policy::Policy* after) {
    if (!before) return after ? "new" : "unknown";
    if (!after) return "removed";
    return before->digest == after->digest ? "same" : "edited";
}

std::string seconds_text(std::chrono::microseconds span) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(span).count()) + " s";
}

}  // namespace

json::object BacktestReport::history_json() const {
    return {{"source", history_.source},
            {"from", time_or_null(history_.from)},
            {"to", time_or_null(history_.to)},
            {"first_call", time_or_null(history_.first)},
            {"last_call", time_or_null(history_.last)},
            {"warm_up_seconds",
             std::chrono::duration_cast<std::chrono::seconds>(history_.warm_up).count()},
            {"calls", history_.calls},
            {"late", history_.late},
            {"missing", history_.missing},
            {"complete", history_.complete()}};
}

json::object BacktestReport::row_json(const std::string& key, const Row& row) const {
    const auto* policy = row.after ? row.after : row.before;
    const auto count = [&](Kind kind) {
        const auto found = row.of.find(kind);
        return found == row.of.end() ? std::uint64_t{0} : found->second;
    };
    const auto status = [](const policy::Policy* one) {
        return one ? text_or_null(one->status) : json::value(nullptr);
    };
    const auto both = count(Kind::unchanged) + count(Kind::changed);
    return {{"policy", key},
            {"name", text_or_null(policy ? policy->name : "")},
            {"title", text_or_null(policy ? policy->title : "")},
            {"text", fate(row.before, row.after)},
            {"status_before", status(row.before)},
            {"status_after", status(row.after)},
            {"decided", row.decided},
            {"before", both + count(Kind::lost)},
            {"after", both + count(Kind::gained)},
            {"gained", count(Kind::gained)},
            {"lost", count(Kind::lost)},
            {"changed", count(Kind::changed)},
            {"unchanged", count(Kind::unchanged)},
            {"gained_known_bad", row.known_bad},
            {"gained_known_good", row.known_good},
            {"gained_unlabelled", row.unlabelled},
            {"judged_before", judged_json(row.judged_before)},
            {"judged_after", judged_json(row.judged_after)}};
}

json::object BacktestReport::change_json(const alert::Difference& difference) const {
    const auto& alert = subject_of(difference);
    json::object out{{"change", name(difference.kind)},
                     {"policy", alert.policy_key},
                     {"policy_name", text_or_null(alert.policy_name)},
                     {"tenant", text_or_null(alert.tenant)},
                     {"subject_kind", alert.subject.kind},
                     {"subject", alert.subject.value}};
    out["before"] = difference.before
                        ? json::value(alert_json(before_.alerts[*difference.before].alert))
                        : json::value(nullptr);
    out["after"] = difference.after
                       ? json::value(alert_json(after_.alerts[*difference.after].alert))
                       : json::value(nullptr);
    json::array what;
    for (const auto& one : difference.what) what.emplace_back(one);
    out["what"] = std::move(what);
    return out;
}

json::object BacktestReport::to_json(bool all) const {
    json::array policies;
    for (const auto& [key, row] : rows_) {
        if (all || !row.of.empty() || row.before == nullptr || row.after == nullptr ||
            row.before->digest != row.after->digest || !row.decided)
            policies.push_back(row_json(key, row));
    }
    json::array alerts;
    for (const auto& difference : differences_) {
        if (all || difference.kind != Kind::unchanged) alerts.push_back(change_json(difference));
    }
    json::array warnings;
    for (const auto& warning : warnings_) warnings.emplace_back(warning);
    return {{"history", history_json()},
            {"before", side_json(before_)},
            {"after", side_json(after_)},
            {"gained", total(Kind::gained)},
            {"lost", total(Kind::lost)},
            {"changed", total(Kind::changed)},
            {"unchanged", total(Kind::unchanged)},
            {"tenants_newly_named", names_json(named_)},
            {"tenants_cleared", names_json(cleared_)},
            {"judged_before", judged_json(all_judged(&Row::judged_before))},
            {"judged_after", judged_json(all_judged(&Row::judged_after))},
            {"policies", std::move(policies)},
            {"alerts", std::move(alerts)},
            {"warnings", std::move(warnings)}};
}

void BacktestReport::print_head(std::string& out) const {
    const auto time = [](const std::optional<base::EventTime>& at) {
        return at ? base::to_rfc3339(*at) : std::string("the end");
    };
    out += "history     " + history_.source + ", " +
           (history_.from ? base::to_rfc3339(*history_.from) : std::string("the beginning")) +
           " to " + time(history_.to) + ": " + std::to_string(history_.calls) + " calls, " +
           (history_.complete() ? "complete" : "INCOMPLETE");
    if (history_.warm_up.count() > 0)
        out += "; windows filled from " + seconds_text(history_.warm_up) + " earlier";
    if (history_.first)
        out += "\n            first call " + time(history_.first) + ", last " +
               time(history_.last) + ", late " + std::to_string(history_.late);
    const auto side = [&](const char* head, const BacktestSide& one) {
        out += std::string("\n") + head + base::log::safe(one.what) + ": " +
               std::to_string(one.set->policies().size()) + " policies, revision " +
               one.set->digest().substr(0, 12) + ", " + std::to_string(one.alerts.size()) +
               " alerts";
    };
    side("before      ", before_);
    side("after       ", after_);
    out += "\nalerts      gained " + std::to_string(total(Kind::gained)) + ", lost " +
           std::to_string(total(Kind::lost)) + ", changed " + std::to_string(total(Kind::changed)) +
           ", unchanged " + std::to_string(total(Kind::unchanged)) +
           "\ntenants     newly named: " + names_text(named_) +
           "\n            cleared: " + names_text(cleared_) + "\nprecision   before " +
           precision_text(all_judged(&Row::judged_before)) + ", after " +
           precision_text(all_judged(&Row::judged_after)) + "\n";
}

void BacktestReport::print_policies(std::string& out) const {
    Table table{{"policy", "text", "status", "before", "after", "gained", "lost", "changed",
                 "known bad", "known good", "precision before", "precision after", ""},
                {}};
    for (const auto& [key, row] : rows_) {
        const auto shown = row_json(key, row);
        const bool quiet = row.before && row.after && row.before->digest == row.after->digest &&
                           shown.at("gained") == 0u && shown.at("lost") == 0u &&
                           shown.at("changed") == 0u;
        if (quiet) continue;
        const auto* policy = row.after ? row.after : row.before;
        table.rows.push_back({json::value(policy && !policy->name.empty() ? policy->name : key),
                              shown.at("text"), json::value(policy ? policy->status : ""),
                              shown.at("before"), shown.at("after"), shown.at("gained"),
                              shown.at("lost"), shown.at("changed"), shown.at("gained_known_bad"),
                              shown.at("gained_known_good"),
                              json::value(precision_text(row.judged_before)),
                              json::value(precision_text(row.judged_after)),
                              json::value(row.decided ? "" : "CANNOT BE JUDGED")});
    }
    if (!table.rows.empty()) out += '\n' + print(table, Form::table);
}

void BacktestReport::print_alerts(std::string& out, Kind kind, std::size_t most) const {
    const auto all = total(kind);
    if (all == 0) return;
    Table table{{"policy", "tenant", "subject", "opened", "count", "summary"}, {}};
    for (const auto& difference : differences_) {
        if (difference.kind != kind || table.rows.size() == most) continue;
        const auto& alert = subject_of(difference);
        table.rows.push_back(
            {json::value(alert.policy_name.empty() ? alert.policy_key : alert.policy_name),
             json::value(alert.tenant), json::value(alert.subject.kind + " " + alert.subject.value),
             json::value(base::to_rfc3339(alert.opened)), alert.count, json::value(alert.summary)});
    }
    out += '\n' + std::string(name(kind)) + " " + std::to_string(all);
    if (all > most) out += ", of which " + std::to_string(most) + " (--all shows all)";
    out += '\n' + print(table, Form::table);
}

std::string BacktestReport::to_text(bool all) const {
    std::string out;
    for (const auto& warning : warnings_) out += "WARNING     " + base::log::safe(warning) + "\n";
    print_head(out);
    print_policies(out);
    const auto most = all ? differences_.size() : shown_alerts;
    for (const auto kind : {Kind::gained, Kind::lost, Kind::changed}) print_alerts(out, kind, most);
    if (all) print_alerts(out, Kind::unchanged, most);
    return out;
}

}  // namespace app
