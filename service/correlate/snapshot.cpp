#include "correlate/ratio_window.hpp"
#include "correlate/ring.hpp"
#include "correlate/state.hpp"
#include "correlate/values.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

// A saved state: shard, shard count, a hash that proves the key, the watermark, and one blob for
// each policy with its key and signature: its groups, then the matches that wait for them.

namespace correlate {
namespace {

/// Things with a number each, listed by counter; each list ascends. Four bytes a thing, and sorted
/// by counting: there are millions, and nobody waits for long.
class Lists {
public:
    /// `each` calls what it is given with (counter, thing), twice with the same.
    template <class Each>
    Lists(std::size_t counters, const Each& each) : starts_(counters + 1) {
        each([&](std::uint32_t counter, std::uint32_t) { ++starts_[counter + 1]; });
        std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
        things_.resize(starts_.back());
        auto next = starts_;
        each([&](std::uint32_t counter, std::uint32_t thing) { things_[next[counter]++] = thing; });
    }
    [[nodiscard]] std::span<const std::uint32_t> operator[](std::size_t counter) const {
        return std::span(things_).subspan(starts_[counter],
                                          starts_[counter + 1] - starts_[counter]);
    }

private:
    std::vector<std::size_t> starts_;
    std::vector<std::uint32_t> things_;
};

/// Where a group is in the lists: apart from the groups, each of which is another place in memory.
struct Place {
    std::uint32_t counter =
        std::numeric_limits<std::uint32_t>::max();  // then there is no such group
    std::uint32_t index = 0;
};

}  // namespace

void Engine::State::save(Writer& out) const {
    out.number(options_.shard);
    out.number(options_.shard_count);
    out.number(hash(0, "callerprint"));
    out.signed_number(watermark_);
    const std::size_t counters = plan_.counters.size();
    std::vector<Place> places;
    groups_.each([&](GroupId id) {
        places.resize(id + 1);
        places[id].counter = groups_[id].counter;
    });
    const Lists held(counters, [&](const auto& use) {
        for (GroupId id = 0; id < places.size(); ++id) {
            if (places[id].counter < counters) use(places[id].counter, id);
        }
    });
    for (std::size_t c = 0; c < counters; ++c) {
        for (std::uint32_t i = 0; const GroupId id : held[c]) places[id].index = i++;
    }
    const auto matches = buffer_.all();
    const Lists waiting(counters, [&](const auto& use) {
        for (std::uint32_t i = 0; i < matches.size(); ++i) use(places[matches[i].group].counter, i);
    });
    out.number(counters);
    for (std::uint32_t c = 0; c < counters; ++c) {
        out.bytes(plan_.counters[c].key);
        out.bytes(plan_.counters[c].signature);
        out.begin_blob();
        save_groups(c, held[c], out);
        out.number(waiting[c].size());
        std::int64_t last = 0;
        for (const std::uint32_t i : waiting[c]) {
            const Pending& pending = matches[i];
            out.number(places[pending.group].index);
            out.signed_number(pending.time - last);
            last = pending.time;
            out.number(pending.id);
            pending.ref.save(out);
            out.number(pending.value);
        }
        out.end_blob();
    }
}

void Engine::State::save_groups(std::uint32_t counter, std::span<const GroupId> held,
                                Writer& out) const {
    static constexpr std::size_t ahead = 8;  // groups whose memory is fetched meanwhile
    out.signed_number(members_[counter].wheel.passed());
    out.number(held.size());
    for (std::size_t i = 0; i < held.size(); ++i) {
        if (i + ahead < held.size()) groups_.prefetch_block(held[i + ahead]);
        save_group(groups_[held[i]], out);
    }
}

void Engine::State::save_group(const Group& group, Writer& out) const {
    out.bytes(group.key());
    out.number((group.fired ? 1u : 0u) | (group.live ? 2u : 0u));
    if (!group.live) return;
    const Group::Story story = group.known_story();
    out.number(story.episode);
    out.number(story.matches);
    out.number(story.told);
    auto& own = const_cast<Group&>(group);  // reading through the same accessors
    switch (plan_.counters[group.counter].kind) {
        case Counter::Kind::plain:
            out.signed_number(own.memory().fired_at);
            out.signed_number(own.memory().newest);
            return;
        case Counter::Kind::count:
            out.number(group.size);
            Ring(own).save(out);
            return;
        case Counter::Kind::few:
            out.flag(true);
            return Values(own).save(out);
        default:
            out.flag(own.window() != nullptr);
            if (own.window() != nullptr) own.window()->save(out);
    }
}

base::Result<void> Engine::State::load(Reader& in) {
    const auto refuse = [](std::string what) {
        return base::fail(base::Fault::invalid, "saved windows " + what);
    };
    const std::uint64_t shard = in.number();
    const std::uint64_t shards = in.number();
    if (shard != options_.shard || shards != options_.shard_count) {
        return refuse("are of shard " + std::to_string(shard) + " of " + std::to_string(shards) +
                      ", not of " + std::to_string(options_.shard) + " of " +
                      std::to_string(options_.shard_count));
    }
    if (in.number() != hash(0, "callerprint")) return refuse("were made under another hash key");
    watermark_ = in.signed_number();
    SameCounters same(plan_.counters);
    for (std::uint64_t n = in.number(); n > 0 && in.good(); --n) {
        const std::string key(in.bytes());
        const std::string signature(in.bytes());
        in.begin_blob();
        const std::uint32_t place = same.take(key, signature);
        if (place == Chain::absent) {
            in.skip_blob();
            continue;
        }
        load_counter(place, in);
        in.end_blob();
        if (!in.good()) return refuse("cannot be read: those of policy " + key);
    }
    if (!in.good()) return refuse("cannot be read to their end");
    return {};
}

void Engine::State::load_counter(std::uint32_t place, Reader& in) {
    const Counter& counter = plan_.counters[place];
    members_[place].wheel.set_passed(in.signed_number());
    std::vector<GroupId> held;
    for (std::uint64_t n = in.number(); n > 0 && in.good(); --n) {
        held.push_back(load_group(place, in));
    }
    std::int64_t last = 0;
    for (std::uint64_t n = in.number(); n > 0 && in.good(); --n) {
        const std::uint64_t group = in.number();
        Pending pending;
        pending.time = last += in.signed_number();
        pending.id = in.number();
        pending.ref = PackedRef::load(in);
        pending.value = in.number();
        const bool rule = !counter.by_rule() || pending.value < counter.rules;
        const bool part =
            counter.kind != Counter::Kind::ratio || RatioWindow::is_part(pending.value);
        if (group >= held.size() || !rule || !part) {
            return in.spoil();
        }
        pending.group = held[group];
        ++groups_[pending.group].waiting;
        buffer_.push(pending);
    }
    if (!in.good()) return;
    for (const GroupId id : held) {
        if (!groups_[id].live && groups_[id].waiting == 0) release(id);
    }
}

GroupId Engine::State::load_group(std::uint32_t place, Reader& in) {
    const Counter& counter = plan_.counters[place];
    const auto key = in.bytes();
    bool fresh = false;
    const GroupId id = groups_.intern(place, table_hash(counter, key), key, fresh);
    const std::uint64_t flags = in.number();
    groups_[id].fired = (flags & 1) != 0;
    groups_[id].live = (flags & 2) != 0;
    // Nothing lives before the first boundary was passed.
    Members& members = members_[place];
    if (!fresh || (groups_[id].live && members.wheel.passed() == no_time)) in.spoil();
    if (!groups_[id].live || !in.good()) return id;
    ++members.live;
    Group::Story story;
    story.episode = static_cast<std::uint32_t>(in.number());
    story.matches = static_cast<std::uint32_t>(in.number());
    story.told = static_cast<std::uint32_t>(in.number());
    if (groups_[id].fired || story.episode > 0) {
        groups_.give_story(id);
        groups_[id].story() = story;
    }
    load_hits(id, in);
    const bool waits = counter.kind == Counter::Kind::absence;
    if (!in.good() || (waits && (groups_[id].fired || groups_[id].window() == nullptr))) {
        in.spoil();
        return id;
    }
    this->place(id, newest(groups_[id]));
    return id;
}

void Engine::State::load_hits(GroupId id, Reader& in) {
    const Counter& counter = plan_.counters[groups_[id].counter];
    if (counter.kind == Counter::Kind::plain) {
        groups_[id].memory().fired_at = in.signed_number();
        groups_[id].memory().newest = in.signed_number();
    } else if (counter.kind == Counter::Kind::count) {
        const std::uint64_t size = in.number();
        if (size > counter.limit) return in.spoil();
        groups_.reserve(id, static_cast<std::uint32_t>(size));
        if (!Ring(groups_[id]).load(in, size, counter.span)) in.spoil();
    } else if (!in.flag()) {
        return;
    } else if (counter.kind == Counter::Kind::few) {
        std::vector<Hit> hits;
        Values::load(in, counter.span, hits);
        if (hits.size() > counter.limit) return in.spoil();
        groups_.reserve(id, static_cast<std::uint32_t>(hits.size()));
        for (const Hit& hit : hits) {
            if (Values(groups_[id]).find(hit.value) != Values::none) in.spoil();
            Values(groups_[id]).add(hit, Values::none);
        }
    } else {
        auto window = make_window(counter);
        window->load(in);
        groups_.account(static_cast<std::ptrdiff_t>(window->bytes()));
        groups_[id].window() = window.release();
    }
}

}  // namespace correlate
