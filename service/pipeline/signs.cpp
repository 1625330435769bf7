#include "pipeline/signs.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace pipeline {
namespace {

constexpr Signs::Micros one_minute = 60'000'000;
// More silences than this are not told apart: the oldest are forgotten.
constexpr std::size_t most_spans = 10'000;
// Times of a log are far within these.
constexpr Signs::Micros far = 4'000'000'000'000'000'000;

}  // namespace

Signs::Signs(Rhythms rhythms) {
    for (auto& [name, every] : rhythms) sources_[name].every = every;
}

void Signs::sign(std::string_view name, base::EventTime at) {
    const auto found = sources_.find(name);
    if (found == sources_.end()) return;
    auto& [every, alive, minute] = found->second;
    const Micros time = std::clamp(base::micros(at), -far, far);
    const Micros from = time - ((time % one_minute) + one_minute) % one_minute;
    if (from == minute) return;
    minute = from;
    Micros begin = from;
    Micros end = from + one_minute;
    auto next = alive.upper_bound(begin);
    if (next != alive.begin()) {
        const auto before = std::prev(next);
        if (before->second + every >= begin) {
            begin = before->first;
            end = std::max(end, before->second);
            alive.erase(before);
        }
    }
    while (next != alive.end() && next->first <= end + every) {
        end = std::max(end, next->second);
        next = alive.erase(next);
    }
    alive.emplace(begin, end);
    if (alive.size() > most_spans) alive.erase(alive.begin());
}

correlate::Seen Signs::seen(std::string_view name, base::EventTime from, base::EventTime to,
                            base::EventTime now) const {
    const auto found = sources_.find(name);
    if (found == sources_.end() || found->second.alive.empty()) return {};
    const auto& [every, alive, minute] = found->second;
    const Micros start = base::micros(from);
    const Micros end = base::micros(to);
    const Micros last = alive.rbegin()->second;
    if (end - last > every) return {.lost = true, .until = std::max(end, base::micros(now))};
    for (auto later = alive.rbegin(); later != alive.rend(); ++later) {
        const auto earlier = std::next(later);
        if (earlier == alive.rend() || later->first <= start) break;
        if (earlier->second <= end) return {.lost = true, .until = later->first};
    }
    if (last <= end) return {.lost = false, .until = last + every + 1};
    return {};
}

void Signs::forget(base::EventTime before) {
    for (auto& [name, source] : sources_) {
        auto& alive = source.alive;
        while (alive.size() > 1 && std::next(alive.begin())->first < base::micros(before))
            alive.erase(alive.begin());
    }
}

void Signs::save(correlate::Writer& out) const {
    out.number(sources_.size());
    for (const auto& [name, source] : sources_) {
        out.bytes(name);
        out.number(source.alive.size());
        for (const auto& [from, to] : source.alive) {
            out.signed_number(from);
            out.signed_number(to);
        }
    }
}

void Signs::load(correlate::Reader& in) {
    for (auto left = in.number(); left > 0 && in.good(); --left) {
        const std::string name(in.bytes());
        std::map<Micros, Micros> alive;
        for (auto spans = in.number(); spans > 0 && in.good(); --spans) {
            const auto from = in.signed_number();
            alive[from] = in.signed_number();
        }
        const auto found = sources_.find(name);
        if (found != sources_.end()) found->second.alive = std::move(alive);
    }
}

}  // namespace pipeline
