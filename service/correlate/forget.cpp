#include "correlate/ring.hpp"
#include "correlate/state.hpp"
#include "correlate/values.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace correlate {
namespace {

constexpr std::size_t evicted_part = 16;  // this part of a full policy's groups goes at a time

constexpr std::size_t ahead = 16;     // groups fetched early
constexpr std::size_t together = 64;  // groups released at once

}  // namespace

std::int64_t Engine::State::newest(const Group& group) const noexcept {
    auto& own = const_cast<Group&>(group);  // reading through the same accessors
    switch (plan_.counters[group.counter].kind) {
        case Counter::Kind::plain:
            // The quiet time runs from the firing, whatever came after it.
            return own.memory().fired_at;
        case Counter::Kind::count:
            return Ring(own).newest();
        case Counter::Kind::few:
            return Values(own).newest();
        default:
            return own.window() == nullptr ? no_time : own.window()->newest();
    }
}

std::uint64_t Engine::State::weight(const Group& group) const noexcept {
    auto& own = const_cast<Group&>(group);
    switch (plan_.counters[group.counter].kind) {
        case Counter::Kind::plain:
            return std::uint64_t{group.known_story().matches} + 1;
        case Counter::Kind::count:
        case Counter::Kind::few:
            return group.size;
        default:
            return own.window() == nullptr ? 0 : own.window()->weight();
    }
}

void Engine::State::wake(GroupId id, std::int64_t time, std::vector<Firing>& out) {
    Group& group = groups_[id];
    if (group.live) return;
    Members& members = members_[group.counter];
    if (members.live >= options_.groups_per_policy) evict(group.counter, out);
    groups_[id].live = true;
    ++members.live;
    place(id, time);
}

/// When a group is over if no hit comes after `newest`.
std::int64_t Engine::State::end(const Counter& counter, std::int64_t newest) noexcept {
    // A window includes its end; a quiet time does not.
    return std::clamp(newest, -far, far) + counter.keep +
           (counter.kind == Counter::Kind::plain ? 0 : 1);
}

void Engine::State::place(GroupId id, std::int64_t newest) {
    const Counter& counter = plan_.counters[groups_[id].counter];
    if (counter.kind == Counter::Kind::absence) return watch(id, newest);
    Wheel& wheel = members_[groups_[id].counter].wheel;
    // A sample of values may lose its newest one, and its window is then over earlier.
    const bool sampled = counter.kind == Counter::Kind::distinct && counter.limit > exact_hits;
    wheel.add(id, sampled ? wheel.passed() + 1 : end(counter, newest));
}

void Engine::State::sweep(std::uint32_t counter, std::int64_t now, std::vector<Firing>& out) {
    Wheel& wheel = members_[counter].wheel;
    if (!wheel.turns(now)) return;
    due_.clear();
    wheel.turn(now, due_);
    for (std::size_t i = 0; i < due_.size(); ++i) {
        if (i + 2 * ahead < due_.size()) groups_.prefetch_pointer(due_[i + 2 * ahead]);
        if (i + ahead < due_.size()) groups_.prefetch_block(due_[i + ahead]);
        const GroupId id = due_[i];
        const std::int64_t last = newest(groups_[id]);
        if (end(plan_.counters[counter], last) > wheel.passed()) {
            place(id, last);
            continue;
        }
        reset(id, out);
        if (groups_[id].waiting == 0) dying_.push_back(id);
    }
    release_dying();
    // A flood's memory is not kept for ever. Assigning an empty list would keep it.
    if (due_.capacity() > 65'536) std::vector<GroupId>().swap(due_);
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
    const auto add = [&](GroupId id) {
        candidates.push_back({weight(groups_[id]), newest(groups_[id]), id});
    };
    members.wheel.each(add);
    members.deadlines.each(add);
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
    const auto gone = [&](GroupId id) {
        if (groups_[id].live) return false;
        if (groups_[id].waiting == 0) release(id);
        return true;
    };
    members.wheel.erase_if(gone);
    members.deadlines.erase_if(gone);
}

void Engine::State::reset(GroupId id, std::vector<Firing>& out) {
    Group& group = groups_[id];
    group.live = false;
    --members_[group.counter].live;
    const auto kind = plan_.counters[group.counter].kind;
    repeat(id, kind == Counter::Kind::plain ? group.memory().newest : newest(group), true, out);
    group.fired = false;
    if (group.has_story) group.story() = {};
    if (kind == Counter::Kind::plain) {
        group.memory() = {};
    } else if (kind == Counter::Kind::count || kind == Counter::Kind::few) {
        group.size = group.head = 0;
    } else if (group.window() != nullptr) {
        groups_.account(-static_cast<std::ptrdiff_t>(group.window()->bytes()));
        delete std::exchange(group.window(), nullptr);
    }
}

bool Engine::State::is_named(std::string_view key,
                             const std::function<bool(std::string_view)>& names) {
    while (!key.empty()) {
        if (const auto part = next_part(key); part && names(*part)) return true;
    }
    return false;
}

void Engine::State::forget(const std::function<bool(std::string_view)>& names) {
    settle();
    std::vector<GroupId> gone;
    groups_.each([&](GroupId id) {
        if (is_named(groups_[id].key(), names)) gone.push_back(id);
    });
    if (gone.empty()) return;
    std::ranges::sort(gone);
    const auto is_gone = [&](GroupId id) { return std::ranges::binary_search(gone, id); };
    buffer_.erase_if([&](const Pending& pending) { return is_gone(pending.group); });
    for (Members& members : members_) {
        members.wheel.erase_if(is_gone);
        members.deadlines.erase_if(is_gone);
    }
    std::erase_if(answered_, is_gone);
    std::vector<Firing> untold;
    for (const GroupId id : gone) {
        groups_[id].waiting = 0;
        if (groups_[id].live) reset(id, untold);
        dying_.push_back(id);
    }
    release_dying();
}

/// Releases many: their places in the table are fetched first.
void Engine::State::release_dying() {
    for (std::size_t from = 0; from < dying_.size(); from += together) {
        const auto some = std::span(dying_).subspan(from, std::min(together, dying_.size() - from));
        std::array<std::uint64_t, together> hashes;
        for (std::size_t i = 0; i < some.size(); ++i) {
            const Group& group = groups_[some[i]];
            hashes[i] = table_hash(plan_.counters[group.counter], group.key());
            groups_.prefetch_slot(hashes[i]);
        }
        for (std::size_t i = 0; i < some.size(); ++i) groups_.release(some[i], hashes[i]);
    }
    if (dying_.capacity() > 65'536) std::vector<GroupId>().swap(dying_);
    dying_.clear();
}

void Engine::State::release(GroupId id) {
    const Group& group = groups_[id];
    groups_.release(id, table_hash(plan_.counters[group.counter], group.key()));
}

}  // namespace correlate
