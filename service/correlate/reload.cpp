#include "base/assert.hpp"
#include "correlate/state.hpp"

#include <algorithm>

// Another policy set, under which the windows of the policies that mean the same go on. They stay
// where they are: writing and reading them was most of the pause of a reload.

namespace correlate {

void Engine::State::use(State& next) {
    BASE_ASSERT(next.options_.shard == options_.shard &&
                next.options_.shard_count == options_.shard_count &&
                std::ranges::equal(next.options_.hash_key, options_.hash_key));
    settle();
    SameCounters same(next.plan_.counters);
    std::vector<std::uint32_t> places;
    for (const Counter& counter : plan_.counters)
        places.push_back(same.take(counter.key, counter.signature));
    drop_without(places);
    move_to(places, next.plan_.counters);
    for (std::uint32_t c = 0; c < places.size(); ++c) {
        if (places[c] != Chain::absent) next.members_[places[c]] = std::move(members_[c]);
    }
    members_ = std::move(next.members_);
    plan_ = std::move(next.plan_);
    names_ = std::move(next.names_);
    absences_ = std::move(next.absences_);
    next_deadline_ = Deadlines::never;
    for (const std::uint32_t c : absences_)
        next_deadline_ = std::min(next_deadline_, members_[c].deadlines.next());
}

/// The groups of counters that have no place any more go, with what waits for them.
void Engine::State::drop_without(std::span<const std::uint32_t> places) {
    if (std::ranges::find(places, Chain::absent) == places.end()) return;
    const auto gone = [&](GroupId id) { return places[groups_[id].counter] == Chain::absent; };
    buffer_.erase_if([&](const Pending& pending) { return gone(pending.group); });
    groups_.each([&](GroupId id) {
        if (gone(id)) dying_.push_back(id);
    });
    release_dying();
}

void Engine::State::move_to(std::span<const std::uint32_t> places,
                            const std::vector<Counter>& counters) {
    bool nothing_to_do = true;
    for (std::uint32_t c = 0; c < places.size(); ++c) {
        const bool kept = places[c] != Chain::absent;
        if (kept && (places[c] != c || counters[c].lends())) nothing_to_do = false;
    }
    if (nothing_to_do) return;
    groups_.each([&](GroupId id) {
        Group& group = groups_[id];
        const std::uint32_t place = places[group.counter];
        group.counter = place & (Group::max_counters - 1);
        if (counters[place].lends() && group.window() != nullptr)
            group.window()->borrow_from(counters[place]);
    });
}

}  // namespace correlate
