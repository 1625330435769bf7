#include "correlate/state.hpp"

#include <algorithm>
#include <tuple>

namespace correlate {
namespace {

constexpr std::size_t evicted_part = 16;  // this part of a full policy's groups goes at a time

/// The last multiple of `every` that is not after `time`.
std::int64_t multiple_before(std::int64_t time, std::int64_t every) noexcept {
    const std::int64_t rest = time % every;
    return time - (rest < 0 ? rest + every : rest);
}

}  // namespace

std::int64_t Engine::State::newest(const Group& group) const noexcept {
    auto& own = const_cast<Group&>(group);  // reading through the same accessors
    switch (plan_.counters[group.counter].kind) {
        case Counter::Kind::plain:
            // The quiet time runs from the firing, whatever came after it.
            return own.memory().fired_at;
        case Counter::Kind::count:
            return Ring(own).newest();
        default:
            return own.window() == nullptr ? no_time : own.window()->newest();
    }
}

std::uint64_t Engine::State::weight(const Group& group) const noexcept {
    auto& own = const_cast<Group&>(group);
    switch (plan_.counters[group.counter].kind) {
        case Counter::Kind::plain:
            return std::uint64_t{group.matches} + 1;
        case Counter::Kind::count:
            return group.size;
        default:
            return own.window() == nullptr ? 0 : own.window()->weight();
    }
}

void Engine::State::wake(GroupId id, std::vector<Firing>& out) {
    Group& group = groups_[id];
    if (group.live) return;
    Members& members = members_[group.counter];
    if (members.live >= options_.groups_per_policy) evict(group.counter, out);
    groups_[id].live = true;
    ++members.live;
}

void Engine::State::sweep(std::uint32_t place, std::int64_t now, std::vector<Firing>& out) {
    const Counter& counter = plan_.counters[place];
    Members& members = members_[place];
    // Comparing before dividing: nearly every match falls into the period of the one before.
    if (members.swept != no_time && now < members.swept + counter.sweep_every) return;
    const std::int64_t boundary = multiple_before(now, counter.sweep_every);
    members.swept = boundary;
    std::erase_if(members.ids, [&](GroupId id) {
        Group& group = groups_[id];
        if (group.live) {
            const std::int64_t last = newest(group);
            // A window includes its end; a quiet time does not.
            const bool over = counter.kind == Counter::Kind::plain ? last + counter.span <= boundary
                                                                   : last + counter.span < boundary;
            if (!over) return false;
            reset(id, out);
        }
        if (groups_[id].waiting > 0) return false;
        release(id);
        return true;
    });
}

void Engine::State::evict(std::uint32_t place, std::vector<Firing>& out) {
    struct Candidate {
        std::uint64_t weight;
        std::int64_t newest;
        GroupId id;
    };
    Members& members = members_[place];
    std::vector<Candidate> candidates;
    candidates.reserve(members.live);
    for (const GroupId id : members.ids) {
        const Group& group = groups_[id];
        if (group.live) candidates.push_back({weight(group), newest(group), id});
    }
    const std::size_t count = std::max<std::size_t>(candidates.size() / evicted_part, 1);
    // By content only: which group goes must not depend on the order in which they came.
    const auto lesser = [&](const Candidate& a, const Candidate& b) {
        if (a.weight != b.weight) return a.weight < b.weight;
        if (a.newest != b.newest) return a.newest < b.newest;
        return groups_[a.id].key() < groups_[b.id].key();
    };
    const auto end = candidates.begin() + static_cast<std::ptrdiff_t>(count);
    std::nth_element(candidates.begin(), end - 1, candidates.end(), lesser);
    std::for_each(candidates.begin(), end, [&](const Candidate& gone) { reset(gone.id, out); });
    stats_.evicted += count;
    std::erase_if(members.ids, [&](GroupId id) {
        if (groups_[id].live || groups_[id].waiting > 0) return false;
        release(id);
        return true;
    });
}

void Engine::State::reset(GroupId id, std::vector<Firing>& out) {
    Group& group = groups_[id];
    group.live = false;
    --members_[group.counter].live;
    const auto kind = plan_.counters[group.counter].kind;
    repeat(id, kind == Counter::Kind::plain ? group.memory().newest : newest(group), true, out);
    group.fired = false;
    group.episode = group.matches = group.told = 0;
    if (kind == Counter::Kind::plain) {
        group.memory() = {};
    } else if (kind == Counter::Kind::count) {
        group.size = group.head = 0;
    } else if (group.window() != nullptr) {
        groups_.account(-static_cast<std::ptrdiff_t>(group.window()->bytes()));
        delete std::exchange(group.window(), nullptr);
    }
}

void Engine::State::release(GroupId id) {
    const Group& group = groups_[id];
    groups_.release(id, hash(plan_.counters[group.counter].seed, group.key()));
}

}  // namespace correlate
