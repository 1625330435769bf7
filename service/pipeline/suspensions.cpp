#include "pipeline/suspensions.hpp"

#include <algorithm>

namespace pipeline {
namespace {

using policy::Correlation;

/// Whether it can hold because something was not counted.
bool holds_for_lack(const Correlation& correlation) {
    using Operator = Correlation::Operator;
    if (correlation.type == Correlation::Type::ratio) return true;
    const bool negates = std::ranges::any_of(correlation.expression.steps, [](const auto& step) {
        return step.kind == policy::RuleExpression::Kind::negation;
    });
    return negates || std::ranges::any_of(correlation.bounds, [](const auto& bound) {
               return bound.op != Operator::gt && bound.op != Operator::gte;
           });
}

}  // namespace

bool Suspensions::suspend(std::string_view digest, base::EventTime from, base::WallTime now) {
    const auto [found, fresh] = times_.try_emplace(std::string(digest), Time{now, from, {}});
    if (fresh) return true;
    auto& time = found->second;
    if (!time.to) return false;
    time = {now, std::min(time.from, from), {}};
    return true;
}

bool Suspensions::resume(std::string_view digest, base::EventTime to) {
    const auto found = times_.find(digest);
    if (found == times_.end() || found->second.to) return false;
    found->second.to = std::max(to, found->second.from);
    return true;
}

std::vector<std::string> Suspensions::due(base::WallTime now) const {
    std::vector<std::string> out;
    for (const auto& [digest, time] : times_)
        if (!time.to && now - time.since >= lasts) out.push_back(digest);
    return out;
}

std::size_t Suspensions::active() const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count_if(times_, [](const auto& one) { return !one.second.to; }));
}

std::vector<bool> Suspensions::suspended(const policy::Set& set) const {
    if (active() == 0) return {};
    std::vector<bool> out;
    for (const auto& policy : set.policies()) {
        const auto found = times_.find(policy.digest);
        out.push_back(found != times_.end() && !found->second.to);
    }
    return out;
}

const Suspensions::Time* Suspensions::overlap(const policy::Set& set, policy::PolicyIndex policy,
                                              base::EventTime from, base::EventTime to) const {
    if (times_.empty()) return nullptr;
    const auto* correlation = set.correlation(policy);
    if (correlation == nullptr) {
        const auto found = times_.find(set.policies()[policy].digest);
        if (found == times_.end()) return nullptr;
        const Time& time = found->second;
        return time.from <= to && (!time.to || *time.to >= from) ? &time : nullptr;
    }
    for (const auto rule : correlation->rules) {
        const auto* inner = set.correlation(rule);
        const auto reach = inner == nullptr ? std::chrono::microseconds(0) : inner->timespan;
        if (const auto* time = overlap(set, rule, from - reach, to)) return time;
    }
    return nullptr;
}

correlate::Seen Suspensions::seen(const policy::Set& set, policy::PolicyIndex policy,
                                  base::EventTime from, base::EventTime to,
                                  base::EventTime now) const {
    const auto* time = overlap(set, policy, from, to);
    if (time == nullptr) return {};
    return {.lost = true, .until = base::micros(time->to.value_or(std::max(to, now)))};
}

bool Suspensions::misled(const policy::Set& set, policy::PolicyIndex policy, base::EventTime from,
                         base::EventTime to) const {
    const auto* correlation = set.correlation(policy);
    if (correlation == nullptr || times_.empty()) return false;
    if (holds_for_lack(*correlation) && overlap(set, policy, from, to) != nullptr) return true;
    return std::ranges::any_of(correlation->rules, [&](policy::PolicyIndex rule) {
        const auto* inner = set.correlation(rule);
        return inner != nullptr && misled(set, rule, from - inner->timespan, to);
    });
}

std::vector<std::string> Suspensions::keep(const std::set<std::string>& digests) {
    std::vector<std::string> out;
    std::erase_if(times_, [&](const auto& one) {
        if (digests.contains(one.first)) return false;
        if (!one.second.to) out.push_back(one.first);
        return true;
    });
    return out;
}

std::vector<std::string> Suspensions::keep(const policy::Set& set) {
    if (times_.empty()) return {};
    std::set<std::string> digests;
    for (const auto& policy : set.policies()) digests.insert(policy.digest);
    return keep(digests);
}

void Suspensions::forget(base::EventTime before) {
    std::erase_if(times_,
                  [&](const auto& one) { return one.second.to && *one.second.to < before; });
}

void Suspensions::save(correlate::Writer& out) const {
    out.number(times_.size());
    for (const auto& [digest, time] : times_) {
        out.bytes(digest);
        out.signed_number(base::micros(time.since));
        out.signed_number(base::micros(time.from));
        out.flag(time.to.has_value());
        if (time.to) out.signed_number(base::micros(*time.to));
    }
}

void Suspensions::load(correlate::Reader& in) {
    for (auto left = in.number(); left > 0 && in.good(); --left) {
        std::string digest(in.bytes());
        Time time{base::wall_time(in.signed_number()), base::event_time(in.signed_number()), {}};
        if (in.flag()) time.to = base::event_time(in.signed_number());
        times_.insert_or_assign(std::move(digest), time);
    }
}

}  // namespace pipeline
