#include "correlate/absence_window.hpp"
#include "correlate/state.hpp"

#include <algorithm>

// What fires because something did not come: absence. The watermark drives it, in the order of
// event time with the matches: a deadline comes after all matches of its time, as a window includes
// both its ends, and before all later ones.

namespace correlate {
namespace {

AbsenceWindow& absence(Group& group) {
    return static_cast<AbsenceWindow&>(*group.window());
}

}  // namespace

void Engine::State::apply_absence(GroupId id, const Hit& hit, std::vector<Firing>& out) {
    const Counter& counter = plan_.counters[groups_[id].counter];
    if (hit.value == 1) return answer(id, hit.time);
    if (hit.time != answered_at_) forget_answers();
    if (groups_[id].fired) return;  // what follows came at the same time, and is told first
    wake(id, hit.time, out);
    Group& group = groups_[id];
    if (group.window() == nullptr) {
        group.window() = make_window(counter).release();  // owned by the block
        groups_.account(static_cast<std::ptrdiff_t>(group.window()->bytes()));
    }
    absence(group).add(hit, hit.time - counter.span);
}

/// A hit of the second rule ends the wait, and that of what else comes at its time: equal times are
/// in order. That is noted in the group until time moves on, without making it live: the second
/// rule may be one that nearly every call matches.
void Engine::State::answer(GroupId id, std::int64_t time) {
    if (time != answered_at_) forget_answers();
    answered_at_ = time;
    Group& group = groups_[id];
    if (group.window() != nullptr) absence(group).answer();
    if (group.fired) return;
    group.fired = true;
    ++group.waiting;
    answered_.push_back(id);
}

void Engine::State::forget_answers() {
    for (const GroupId id : answered_) {
        groups_[id].fired = false;
        done_with(id);
    }
    answered_.clear();
    if (answered_.capacity() > 65'536) answered_ = {};
}

void Engine::State::watch(GroupId id, std::int64_t time) {
    const Counter& counter = plan_.counters[groups_[id].counter];
    Group& group = groups_[id];
    const std::int64_t deadline =
        group.window() == nullptr ? time + counter.span : absence(group).deadline();
    members_[group.counter].deadlines.add(id, deadline);
    next_deadline_ = std::min(next_deadline_, deadline);
}

void Engine::State::expire(std::int64_t until, std::vector<Firing>& out) {
    while (next_deadline_ <= until) {
        const std::int64_t now = next_deadline_;
        // Inner policies first: what they fire counts for the outer ones of this time.
        for (const std::uint32_t place : absences_) {
            if (members_[place].deadlines.next() == now) expire_at(place, now, out);
        }
        next_deadline_ = Deadlines::never;
        for (const std::uint32_t place : absences_) {
            next_deadline_ = std::min(next_deadline_, members_[place].deadlines.next());
        }
    }
}

Seen Engine::State::seen(const Counter& counter, std::int64_t from, std::int64_t to) const {
    if (sight_ == nullptr || !*sight_) return {};
    Seen out = (*sight_)(counter.policy, base::event_time(from), base::event_time(to));
    // Whatever it says, a wait goes on: a deadline that does not move would be met for ever.
    if (out.until) *out.until = std::max(*out.until, out.lost ? from + 1 : to + 1);
    return out;
}

void Engine::State::expire_at(std::uint32_t place, std::int64_t now, std::vector<Firing>& out) {
    expired_.clear();
    members_[place].deadlines.take(expired_);
    std::ranges::sort(expired_,
                      [&](GroupId a, GroupId b) { return groups_[a].key() < groups_[b].key(); });
    const std::uint32_t at_least = plan_.counters[place].correlation->at_least;
    for (const GroupId id : expired_) {
        AbsenceWindow& window = absence(groups_[id]);
        if (window.deadline() > now) {
            watch(id, now);
            continue;
        }
        if (window.waits() && window.weight() >= at_least) {
            const Seen known = seen(plan_.counters[place], window.since(), now);
            if (known.lost) ++stats_.blind;
            if (!known.until) {
                fire(id, {now, 0, window.last()}, window.value(), true, out);
            } else if (!known.lost) {  // until it is known
                window.wait_from(*known.until - plan_.counters[place].span);
                watch(id, now);
                continue;
            } else if (!window.pair()) {
                window.wait_from(*known.until);
                watch(id, now);
                continue;
            }  // the answer may have been lost: nobody will ever know
        }
        reset(id, out);
        if (groups_[id].waiting == 0) release(id);
    }
    if (expired_.capacity() > 65'536) expired_ = {};
}

}  // namespace correlate
