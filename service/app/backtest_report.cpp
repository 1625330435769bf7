#include "app/backtest_report.hpp"

#include "policy/rule.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace app {
namespace {

using Kind = alert::Difference::Kind;

/// What a rule compares, filters and all, as far as the loader tells it. Long lists are shortened
/// in there: whether lists are the same is known apart.
std::string meaning(const policy::Set& set, policy::PolicyIndex index) {
    const auto* rule = set.rule(index);
    if (!rule) return {};
    std::string out = rule->condition_text;
    for (const auto& item : rule->items) {
        for (const auto* part : {&item.selection, &item.field, &item.op, &item.expected})
            (out += '\n') += *part;
    }
    return out;
}

/// Index of the policy with this key; nothing when the set has none.
std::optional<policy::PolicyIndex> find(const policy::Set& set, const std::string& key) {
    const auto policies = set.policies();
    for (policy::PolicyIndex i = 0; i < policies.size(); ++i) {
        if (policies[i].key() == key) return i;
    }
    return {};
}

std::vector<alert::Past> pasts(const std::vector<Label>& labels) {
    std::vector<alert::Past> out;
    for (const auto& label : labels) out.push_back(label.past);
    return out;
}

}  // namespace

BacktestReport::BacktestReport(BacktestHistory history, BacktestSide before, BacktestSide after,
                               std::vector<Label> labels)
    : history_(std::move(history)),
      before_(std::move(before)),
      after_(std::move(after)),
      labels_(std::move(labels)),
      differences_(alert::differences(before_.alerts, after_.alerts)) {
    find_rows();
    count_differences();
    count_labels();
    find_tenants();
    warn();
}

bool BacktestReport::differs() const noexcept {
    return std::ranges::any_of(
        differences_, [](const auto& difference) { return difference.kind != Kind::unchanged; });
}

void BacktestReport::find_rows() {
    const auto add = [&](const BacktestSide& side, const policy::Policy* Row::* place) {
        const auto policies = side.set->policies();
        for (policy::PolicyIndex i = 0; i < policies.size(); ++i) {
            if (!policies[i].generate) continue;
            auto& row = rows_[policies[i].key()];
            row.*place = &policies[i];
            row.decided = row.decided && decided(side, i);
        }
    };
    add(before_, &Row::before);
    add(after_, &Row::after);
}

// From calls that matched only, a policy can be judged when each rule under it kept its calls and
// is the same as it was while they came in.
bool BacktestReport::decided(const BacktestSide& side, policy::PolicyIndex index) const {
    if (history_.complete()) return true;
    if (const auto* correlation = side.set->correlation(index)) {
        return std::ranges::all_of(correlation->rules,
                                   [&](auto rule) { return decided(side, rule); });
    }
    const auto& rule = side.set->policies()[index];
    if (!rule.callerprint.keep_calls || !side.same_lists) return false;
    if (!history_.in_force || !history_.in_force->contains(rule.digest)) return false;
    const auto running = find(*before_.set, rule.key());
    return running && before_.set->policies()[*running].digest == rule.digest &&
           meaning(*before_.set, *running) == meaning(*side.set, index);
}

const alert::Alert& BacktestReport::subject_of(const alert::Difference& difference) const {
    return difference.after ? after_.alerts[*difference.after].alert
                            : before_.alerts[*difference.before].alert;
}

void BacktestReport::count_differences() {
    std::map<alert::Subject, alert::Disposition> known;
    for (const auto& label : labels_) {
        auto& at = known.try_emplace(label.past.alert.subject, label.disposition).first->second;
        if (label.disposition == alert::Disposition::true_positive) at = label.disposition;
    }
    for (const auto& difference : differences_) {
        const auto& alert = subject_of(difference);
        auto& row = rows_[alert.policy_key];
        ++row.of[difference.kind];
        if (difference.kind != Kind::gained) continue;
        const auto found = known.find(alert.subject);
        if (found == known.end()) {
            ++row.unlabelled;
        } else if (found->second == alert::Disposition::true_positive) {
            ++row.known_bad;
        } else {
            ++row.known_good;
        }
    }
}

void BacktestReport::count_labels() {
    std::vector<Label> inside;
    for (const auto& label : labels_) {
        const auto opened = label.past.alert.opened;
        if (history_.from && opened < *history_.from) continue;
        if (history_.to && opened >= *history_.to) continue;
        inside.push_back(label);
    }
    const auto wanted = pasts(inside);
    const auto told_before = alert::found_among(wanted, before_.alerts);
    const auto told_after = alert::found_among(wanted, after_.alerts);
    for (std::size_t i = 0; i < inside.size(); ++i) {
        auto& row = rows_[inside[i].past.alert.policy_key];
        if (told_before[i]) ++row.judged_before[inside[i].disposition];
        if (told_after[i]) ++row.judged_after[inside[i].disposition];
    }
}

void BacktestReport::find_tenants() {
    std::set<std::string> before, after;
    for (const auto& past : before_.alerts) before.insert(past.alert.tenant);
    for (const auto& past : after_.alerts) after.insert(past.alert.tenant);
    std::ranges::set_difference(after, before, std::inserter(named_, named_.end()));
    std::ranges::set_difference(before, after, std::inserter(cleared_, cleared_.end()));
    named_.erase("");
    cleared_.erase("");
}

void BacktestReport::warn() {
    if (history_.complete()) return;
    const bool journal = history_.source == "journal";
    warnings_.push_back("the history is INCOMPLETE: " + std::to_string(history_.missing) +
                        (journal ? " blocks of the journal are missing"
                                 : " calls of this time were judged and not kept; `raw_calls: all` "
                                   "keeps every call"));
    std::string keys;
    std::size_t count = 0;
    constexpr std::size_t named = 10;
    for (const auto& [key, row] : rows_) {
        if (row.decided || (!row.before && !row.after)) continue;
        ++count;
        const auto& policy = row.after ? *row.after : *row.before;
        if (count <= named)
            keys += (keys.empty() ? "" : ", ") + (policy.name.empty() ? key : policy.name);
    }
    if (count == 0) return;
    undecided_ = true;
    if (count > named) keys += " and " + std::to_string(count - named) + " more";
    warnings_.push_back(std::to_string(count) +
                        " policies CANNOT BE JUDGED from these calls, since they count calls that "
                        "were not kept; their numbers are a lower bound: " +
                        keys);
}

std::uint64_t BacktestReport::total(Kind kind) const {
    return static_cast<std::uint64_t>(
        std::ranges::count(differences_, kind, &alert::Difference::kind));
}

BacktestReport::Judged BacktestReport::all_judged(Judged Row::* side) const {
    Judged out;
    for (const auto& [key, row] : rows_) {
        for (const auto& [disposition, count] : row.*side) out[disposition] += count;
    }
    return out;
}

}  // namespace app
