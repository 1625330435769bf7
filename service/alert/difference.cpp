#include "alert/difference.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <unordered_map>

namespace alert {
namespace {

/// What two alerts share that may be the same: policy, tenant, subject.
auto matter(const Past& past) {
    const Alert& alert = past.alert;
    return std::tie(alert.policy_key, alert.tenant, alert.subject.kind, alert.subject.value);
}

auto order(const Past& past) {
    const Alert& alert = past.alert;
    return std::tie(alert.policy_key, alert.tenant, alert.subject.kind, alert.subject.value,
                    alert.opened, alert.id);
}

bool overlap(const Past& a, const Past& b) noexcept {
    const auto end = [](const Past& past) {
        return std::max({past.quiet_until, past.alert.last_seen, past.alert.opened});
    };
    return a.alert.opened <= end(b) && b.alert.opened <= end(a);
}

std::vector<std::size_t> sorted(std::span<const Past> alerts) {
    std::vector<std::size_t> places(alerts.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    std::ranges::sort(places, [&](auto a, auto b) { return order(alerts[a]) < order(alerts[b]); });
    return places;
}

std::vector<std::string> what_differs(const Alert& a, const Alert& b) {
    std::vector<std::string> out;
    const auto note = [&](bool differs, const char* what) {
        if (differs) out.emplace_back(what);
    };
    note(a.opened != b.opened, "opened");
    note(a.last_seen != b.last_seen, "last_seen");
    note(a.count != b.count, "count");
    note(a.level != b.level, "level");
    note(a.shadow != b.shadow, "shadow");
    note(a.summary != b.summary, "summary");
    return out;
}

Difference pair(std::span<const Past> before, std::size_t b, std::span<const Past> after,
                std::size_t a) {
    Difference out{Difference::Kind::unchanged, b, a, {}};
    out.what = what_differs(before[b].alert, after[a].alert);
    if (!out.what.empty()) out.kind = Difference::Kind::changed;
    return out;
}

/// Pairs those that overlap, both in the order of `order`. What is left stands alone.
void pair_rest(std::span<const Past> before, const std::vector<std::size_t>& left,
               std::span<const Past> after, const std::vector<std::size_t>& right,
               std::vector<Difference>& out) {
    auto b = left.begin();
    auto a = right.begin();
    while (b != left.end() || a != right.end()) {
        if (b != left.end() && a != right.end() && same_matter(before[*b], after[*a])) {
            out.push_back(pair(before, *b++, after, *a++));
        } else if (a == right.end() || (b != left.end() && order(before[*b]) < order(after[*a]))) {
            out.push_back({Difference::Kind::lost, *b++, {}, {}});
        } else {
            out.push_back({Difference::Kind::gained, {}, *a++, {}});
        }
    }
}

}  // namespace

std::string_view name(Difference::Kind kind) noexcept {
    switch (kind) {
        case Difference::Kind::unchanged:
            return "unchanged";
        case Difference::Kind::changed:
            return "changed";
        case Difference::Kind::gained:
            return "gained";
        case Difference::Kind::lost:
            break;
    }
    return "lost";
}

bool same_matter(const Past& a, const Past& b) noexcept {
    return matter(a) == matter(b) && overlap(a, b);
}

std::vector<bool> found_among(std::span<const Past> wanted, std::span<const Past> alerts) {
    const auto places = sorted(alerts);
    std::vector<bool> out;
    for (const auto& one : wanted) {
        const auto candidates = std::ranges::equal_range(
            places, matter(one), {}, [&](std::size_t place) { return matter(alerts[place]); });
        out.push_back(std::ranges::any_of(candidates, [&](std::size_t place) {
            return alerts[place].alert.id == one.alert.id || overlap(one, alerts[place]);
        }));
    }
    return out;
}

std::vector<Difference> differences(std::span<const Past> before, std::span<const Past> after) {
    std::unordered_map<std::string_view, std::size_t> by_id;
    for (const auto place : sorted(after)) by_id.try_emplace(after[place].alert.id, place);
    std::vector<Difference> out;
    std::vector<std::size_t> left;
    for (const auto place : sorted(before)) {
        const auto found = by_id.find(before[place].alert.id);
        if (found == by_id.end()) {
            left.push_back(place);
            continue;
        }
        out.push_back(pair(before, place, after, found->second));
        by_id.erase(found);
    }
    std::vector<std::size_t> right;
    for (const auto place : sorted(after)) {
        const auto found = by_id.find(after[place].alert.id);
        if (found != by_id.end() && found->second == place) right.push_back(place);
    }
    pair_rest(before, left, after, right, out);
    std::ranges::sort(out, [&](const Difference& x, const Difference& y) {
        const auto& a = x.before ? before[*x.before] : after[*x.after];
        const auto& b = y.before ? before[*y.before] : after[*y.after];
        return std::tuple(order(a), x.before.has_value()) <
               std::tuple(order(b), y.before.has_value());
    });
    return out;
}

}  // namespace alert
