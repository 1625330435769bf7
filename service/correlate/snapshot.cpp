#include "correlate/ring.hpp"
#include "correlate/state.hpp"
#include "correlate/values.hpp"

#include <algorithm>

// A saved state: shard, shard count, a hash that proves the key, the watermark, and one blob for
// each policy with its key and signature: its groups, then the matches that wait for them.

namespace correlate {

void Engine::State::save(Writer& out) const {
    out.number(options_.shard);
    out.number(options_.shard_count);
    out.number(hash(0, "callerprint"));
    out.signed_number(watermark_);
    std::vector<std::vector<Pending>> waiting(plan_.counters.size());
    for (const Pending& pending : buffer_.all()) {
        waiting[groups_[pending.group].counter].push_back(pending);
    }
    std::vector<std::vector<GroupId>> held(plan_.counters.size());
    groups_.each([&](GroupId id) { held[groups_[id].counter].push_back(id); });
    out.number(plan_.counters.size());
    for (std::uint32_t c = 0; c < plan_.counters.size(); ++c) {
        Writer blob;
        save_counter(c, held[c], waiting[c], blob);
        out.bytes(plan_.counters[c].key);
        out.bytes(plan_.counters[c].signature);
        out.bytes(blob.text());
    }
}

void Engine::State::save_counter(std::uint32_t counter, std::span<const GroupId> held,
                                 std::span<const Pending> waiting, Writer& out) const {
    out.signed_number(members_[counter].wheel.passed());
    out.number(held.size());
    for (const GroupId id : held) save_group(groups_[id], out);
    out.number(waiting.size());
    std::int64_t last = 0;
    for (const Pending& pending : waiting) {
        // The group is named by its place in the list above, which ascends.
        const auto place = std::ranges::lower_bound(held, pending.group) - held.begin();
        out.number(static_cast<std::uint64_t>(place));
        out.signed_number(pending.time - last);
        last = pending.time;
        out.number(pending.id);
        pending.ref.save(out);
        out.number(pending.value);
    }
}

void Engine::State::save_group(const Group& group, Writer& out) const {
    out.bytes(group.key());
    out.number((group.fired ? 1u : 0u) | (group.live ? 2u : 0u));
    if (!group.live) return;
    out.number(group.episode);
    out.number(group.matches);
    out.number(group.told);
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

base::Result<void> Engine::State::load(std::string_view content) {
    const auto refuse = [](std::string what) {
        return base::fail(base::Fault::invalid, "saved windows " + what);
    };
    Reader in(content);
    const std::uint64_t shard = in.number();
    const std::uint64_t shards = in.number();
    if (shard != options_.shard || shards != options_.shard_count) {
        return refuse("are of shard " + std::to_string(shard) + " of " + std::to_string(shards) +
                      ", not of " + std::to_string(options_.shard) + " of " +
                      std::to_string(options_.shard_count));
    }
    if (in.number() != hash(0, "callerprint")) return refuse("were made under another hash key");
    watermark_ = in.signed_number();
    std::vector<bool> restored(plan_.counters.size());
    for (std::uint64_t n = in.count(3); n > 0 && in.good(); --n) {
        const auto key = in.bytes();
        const auto signature = in.bytes();
        Reader blob(in.bytes());
        for (std::uint32_t c = 0; c < plan_.counters.size(); ++c) {
            const Counter& counter = plan_.counters[c];
            if (restored[c] || counter.key != key || counter.signature != signature) continue;
            restored[c] = true;
            load_counter(c, blob);
            if (!blob.done()) return refuse("cannot be read: those of policy " + counter.key);
            break;
        }
    }
    if (!in.done()) return refuse("cannot be read to their end");
    return {};
}

void Engine::State::load_counter(std::uint32_t place, Reader& in) {
    const Counter& counter = plan_.counters[place];
    members_[place].wheel.set_passed(in.signed_number());
    std::vector<GroupId> held;
    for (std::uint64_t n = in.count(2); n > 0 && in.good(); --n) {
        held.push_back(load_group(place, in));
    }
    std::int64_t last = 0;
    for (std::uint64_t n = in.count(6); n > 0 && in.good(); --n) {
        const std::uint64_t group = in.number();
        Pending pending;
        pending.time = last += in.signed_number();
        pending.id = in.number();
        pending.ref = PackedRef::load(in);
        pending.value = in.number();
        if (group >= held.size() || (counter.by_rule() && pending.value >= counter.rules)) {
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
    groups_[id].episode = static_cast<std::uint32_t>(in.number());
    groups_[id].matches = static_cast<std::uint32_t>(in.number());
    groups_[id].told = static_cast<std::uint32_t>(in.number());
    load_hits(id, in);
    this->place(id, newest(groups_[id]));
    return id;
}

void Engine::State::load_hits(GroupId id, Reader& in) {
    const Counter& counter = plan_.counters[groups_[id].counter];
    if (counter.kind == Counter::Kind::plain) {
        groups_[id].memory().fired_at = in.signed_number();
        groups_[id].memory().newest = in.signed_number();
    } else if (counter.kind == Counter::Kind::count) {
        const std::uint64_t size = in.count();
        if (size > counter.limit) return in.spoil();
        groups_.reserve(id, static_cast<std::uint32_t>(size));
        if (!Ring(groups_[id]).load(in, size)) in.spoil();
    } else if (!in.flag()) {
        return;
    } else if (counter.kind == Counter::Kind::few) {
        std::vector<Hit> hits;
        Values::load(in, hits);
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
