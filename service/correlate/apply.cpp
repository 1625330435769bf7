#include "correlate/ratio_window.hpp"
#include "correlate/ring.hpp"
#include "correlate/state.hpp"
#include "correlate/values.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace correlate {
namespace {

constexpr std::size_t ahead = 16;  // matches whose groups are fetched early; 8 to 32 are alike

/// Puts those from `first` on in the order of `before`. What it leaves open, as of a rule that
/// groups by nothing, stays in the order of the calls: an unstable sort would make that depend on
/// how many fire at once. Places are sorted, as libstdc++ 12's stable_sort uses what C++17
/// deprecates.
void put_in_order(std::vector<Firing>& firings, std::size_t first) {
    const auto begin = firings.begin() + static_cast<std::ptrdiff_t>(first);
    if (std::is_sorted(begin, firings.end(), before)) return;
    std::vector<std::size_t> places(firings.size() - first);
    std::iota(places.begin(), places.end(), first);
    std::sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
        if (before(firings[a], firings[b])) return true;
        return !before(firings[b], firings[a]) && a < b;
    });
    std::vector<Firing> ordered;
    ordered.reserve(places.size());
    for (const std::size_t place : places) ordered.push_back(std::move(firings[place]));
    std::move(ordered.begin(), ordered.end(), begin);
}

}  // namespace

void Engine::State::advance(std::int64_t watermark, std::int64_t told, std::vector<Firing>& out,
                            const Sight* sight) {
    if (watermark <= watermark_) return;
    sight_ = sight;
    settle();
    watermark_ = watermark;
    const std::size_t first = out.size();
    const auto due = buffer_.due(watermark);
    std::size_t ordered = 0;
    for (std::size_t i = 0; i < due.size(); ++i) {
        if (i + 2 * ahead < due.size()) groups_.prefetch_pointer(due[i + 2 * ahead].group);
        if (i + ahead < due.size()) groups_.prefetch_block(due[i + ahead].group);
        if (i == ordered) ordered += buffer_.order_front(due.subspan(i));
        const Pending& pending = due[i];
        if (pending.time > next_deadline_) expire(pending.time - 1, out);
        const bool last = i + 1 == due.size() || due[i + 1].group != pending.group ||
                          !due[i + 1].same_call(pending);
        apply(pending.group, pending.hit(), last, out);
        done_with(pending.group);  // only now: a sweep on the way must leave it alone
    }
    buffer_.pop(due.size());
    expire(std::min(watermark, told), out);
    forget_answers();
    for (std::uint32_t c = 0; c < plan_.counters.size(); ++c) sweep(c, watermark, out);
    sight_ = nullptr;
    put_in_order(out, first);
}

void Engine::State::apply(GroupId id, const Hit& hit, bool last_of_call, std::vector<Firing>& out) {
    const std::uint32_t counter = groups_[id].counter;
    sweep(counter, hit.time, out);
    switch (plan_.counters[counter].kind) {
        case Counter::Kind::plain:
            return apply_plain(id, hit, out);
        case Counter::Kind::count:
            return apply_count(id, hit, out);
        case Counter::Kind::few:
            return apply_few(id, hit, out);
        case Counter::Kind::absence:
            return apply_absence(id, hit, out);
        default:
            return apply_window(id, hit, last_of_call, out);
    }
}

void Engine::State::apply_plain(GroupId id, const Hit& hit, std::vector<Firing>& out) {
    const Counter& counter = plan_.counters[groups_[id].counter];
    if (counter.span == 0) return fire(id, hit, 1, true, out);
    wake(id, hit.time, out);
    Group& group = groups_[id];
    Group::Memory& memory = group.memory();
    if (memory.fired_at != no_time && hit.time < memory.fired_at + counter.span) {
        memory.newest = hit.time;
        ++group.story().matches;
        return repeat(id, hit.time, false, out);
    }
    repeat(id, memory.newest, true, out);
    memory = {hit.time, hit.time};
    fire(id, hit, 1, true, out);
}

void Engine::State::apply_count(GroupId id, const Hit& hit, std::vector<Firing>& out) {
    const Counter& counter = plan_.counters[groups_[id].counter];
    const std::int64_t from = hit.time - counter.span;
    wake(id, hit.time, out);
    Group* group = &groups_[id];
    const std::int64_t newest = Ring(*group).newest();
    // Each step counts: a range or an inequality may fail and hold again between two hits.
    while (group->fired && Ring(*group).drop_oldest(from)) {
        if (group->size == 0 || !counter.holds(group->size)) fall(id, newest, out);
    }
    Ring(*group).drop_all(from);
    if (Ring(*group).full()) {
        groups_.grow(id);
        group = &groups_[id];
    }
    Ring(*group).add(hit);
    conclude(id, hit, counter.holds(group->size), group->size, true, out);
}

void Engine::State::apply_few(GroupId id, const Hit& hit, std::vector<Firing>& out) {
    const Counter& counter = plan_.counters[groups_[id].counter];
    const std::int64_t from = hit.time - counter.span;
    wake(id, hit.time, out);
    Group* group = &groups_[id];
    const std::int64_t newest = Values(*group).newest();
    while (Values(*group).drop_oldest(from)) {
        if (group->fired && (group->size == 0 || !counter.holds(group->size)))
            fall(id, newest, out);
    }
    const std::uint32_t known = Values(*group).find(hit.value);
    if (known == Values::none && Values(*group).full()) {
        groups_.grow(id);
        group = &groups_[id];
    }
    Values(*group).add(hit, known);
    conclude(id, hit, counter.holds(group->size), group->size, true, out);
}

void Engine::State::apply_window(GroupId id, const Hit& hit, bool last_of_call,
                                 std::vector<Firing>& out) {
    const Counter& counter = plan_.counters[groups_[id].counter];
    const std::int64_t from = hit.time - counter.span;
    wake(id, hit.time, out);
    Group& group = groups_[id];
    Window*& window = group.window();
    std::ptrdiff_t bytes = 0;
    if (window == nullptr) {
        window = make_window(counter).release();  // owned by the block
    } else {
        bytes = static_cast<std::ptrdiff_t>(window->bytes());
    }
    const std::int64_t newest = window->newest();
    while (window->drop_oldest(from)) {
        if (group.fired && (window->empty() || !window->holds(counter))) fall(id, newest, out);
    }
    window->add(hit, from);
    groups_.account(static_cast<std::ptrdiff_t>(window->bytes()) - bytes);
    // A call that matches several listed rules is judged once, with all of them in the window.
    if (!last_of_call) return;
    const bool holds = !window->empty() && window->holds(counter);
    if (counter.of_one_hit()) group.fired = false;
    conclude(id, hit, holds, holds ? window->value() : 0, window->exact(), out);
}

void Engine::State::conclude(GroupId id, const Hit& hit, bool holds, double value, bool exact,
                             std::vector<Firing>& out) {
    Group& group = groups_[id];
    if (!holds) {
        fall(id, hit.time, out);
    } else if (group.fired) {
        ++group.story().matches;
        repeat(id, hit.time, false, out);
    } else {
        group.fired = true;
        fire(id, hit, value, exact, out);
    }
}

void Engine::State::fall(GroupId id, std::int64_t at, std::vector<Firing>& out) {
    groups_[id].fired = false;
    repeat(id, at, true, out);
}

void Engine::State::fire(GroupId id, const Hit& hit, double value, bool exact,
                         std::vector<Firing>& out) {
    const std::uint32_t place = groups_[id].counter;
    const Counter& counter = plan_.counters[place];
    // A rule that fires at each match has nothing to remember, nor has what is forgotten at once.
    const bool forgets = counter.kind == Counter::Kind::plain
                             ? counter.span == 0
                             : counter.kind == Counter::Kind::absence;
    const bool remembers = !forgets;
    if (remembers) groups_.give_story(id);
    Group& group = groups_[id];
    if (counter.emits) {
        Firing firing;
        firing.policy = counter.policy;
        firing.at = base::event_time(hit.time);
        const bool plain = counter.kind == Counter::Kind::plain;
        firing.window_start = base::event_time(plain ? hit.time : hit.time - counter.span);
        firing.group = group_values(counter, group.key());
        firing.value = value;
        firing.episode = group.known_story().episode;
        firing.exact = exact;
        if (plain) {
            firing.sample.push_back(hit.ref.unpack());
        } else if (counter.kind == Counter::Kind::count) {
            Ring(group).sample(firing.sample);
        } else if (counter.kind == Counter::Kind::few) {
            Values(group).sample(hit.time - counter.span, firing.sample);
        } else {
            group.window()->sample(hit.time - counter.span, firing.sample);
            firing.total = group.window()->total();
            group.window()->figures(firing.figures);
            firing.window_start = base::event_time(group.window()->begins(hit.time - counter.span));
            group.window()->held(firing.held);
        }
        out.push_back(std::move(firing));
        ++stats_.firings;
        if (!exact) ++stats_.inexact;
    }
    if (remembers) group.story() = {group.story().episode + 1, 0, period(hit.time)};
    if (!plan_.chains[place].empty()) feed_outer(id, hit, out);
}

void Engine::State::repeat(GroupId id, std::int64_t at, bool at_once, std::vector<Firing>& out) {
    Group& group = groups_[id];
    const Counter& counter = plan_.counters[group.counter];
    if (options_.repeat_every.count() == 0 || !counter.emits || !group.has_story) return;
    Group::Story& story = group.story();
    if (story.matches == 0 || (!at_once && period(at) == story.told)) return;
    Firing firing;
    firing.policy = counter.policy;
    firing.at = base::event_time(at);
    firing.window_start =
        base::event_time(counter.kind == Counter::Kind::plain ? at : at - counter.span);
    firing.group = group_values(counter, group.key());
    firing.episode = story.episode - 1;
    firing.repeat = true;
    firing.matches = story.matches;
    out.push_back(std::move(firing));
    story.matches = 0;
    story.told = period(at);
}

void Engine::State::feed_outer(GroupId id, const Hit& hit, std::vector<Firing>& out) {
    // Windows of the outer policies may move blocks: copy what is needed of this one first.
    const std::uint32_t place = groups_[id].counter;
    const std::string inner_key(groups_[id].key());
    std::vector<std::optional<std::string_view>> parts;
    for (std::string_view rest = inner_key;
         parts.size() < plan_.counters[place].group_names.size();) {
        parts.push_back(next_part(rest));
    }
    for (const Chain& chain : plan_.chains[place]) {
        const Counter& outer = plan_.counters[chain.counter];
        Hit derived{hit.time, 0, hit.ref};
        std::string text;
        bool complete = true;
        for (const std::uint32_t part : chain.fields) {
            complete = complete && part != Chain::absent && parts[part].has_value();
            if (complete) add_part(text, *parts[part]);
        }
        switch (outer.kind) {
            case Counter::Kind::temporal:
            case Counter::Kind::ordered:
            case Counter::Kind::absence:
            case Counter::Kind::joint:
                derived.value = chain.rule;
                break;
            case Counter::Kind::few:
            case Counter::Kind::distinct:
            case Counter::Kind::new_value:
                derived.value = hash(0, text);
                break;
            case Counter::Kind::sum:
                derived.value = std::bit_cast<std::uint64_t>(1.0);
                complete = chain.fields.empty();  // group values are text, which is not added up
                break;
            case Counter::Kind::ratio:
                derived.value = RatioWindow::part_of(*outer.correlation, chain.rule);
                break;
            case Counter::Kind::average:
            case Counter::Kind::rank:
                complete = false;
                break;
            case Counter::Kind::plain:
            case Counter::Kind::count:
            case Counter::Kind::cadence:
            case Counter::Kind::baseline:
                break;
        }
        if (!complete) continue;
        std::string key;
        for (const std::uint32_t part : chain.group) {
            if (part != Chain::absent && parts[part].has_value()) {
                add_part(key, *parts[part]);
            } else {
                add_absent(key);
            }
        }
        bool fresh = false;
        const GroupId group = groups_.intern(chain.counter, table_hash(outer, key), key, fresh);
        ++groups_[group].waiting;  // a sweep on the way must not take it away
        apply(group, derived, true, out);
        done_with(group);
    }
}

void Engine::State::done_with(GroupId id) {
    Group& group = groups_[id];
    if (--group.waiting == 0 && !group.live) release(id);
}

std::uint32_t Engine::State::period(std::int64_t time) const noexcept {
    const std::int64_t every = options_.repeat_every.count();
    return every == 0 ? 0 : static_cast<std::uint32_t>(time / every);
}

std::vector<GroupValue> Engine::State::group_values(const Counter& counter, std::string_view key) {
    std::vector<GroupValue> out;
    out.reserve(counter.group_names.size());
    for (const std::string& name : counter.group_names) {
        const auto part = next_part(key);
        out.push_back({name, part ? std::optional<std::string>(*part) : std::nullopt});
    }
    return out;
}

bool before(const Firing& a, const Firing& b) noexcept {
    if (a.at != b.at) return a.at < b.at;
    if (a.policy != b.policy) return a.policy < b.policy;
    if (a.group != b.group) return a.group < b.group;
    return a.episode != b.episode ? a.episode < b.episode : a.repeat < b.repeat;
}

}  // namespace correlate
