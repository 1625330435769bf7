#include "correlate/state.hpp"

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
    out.number(plan_.counters.size());
    for (std::uint32_t c = 0; c < plan_.counters.size(); ++c) {
        Writer blob;
        save_counter(c, waiting[c], blob);
        out.bytes(plan_.counters[c].key);
        out.bytes(plan_.counters[c].signature);
        out.bytes(blob.text());
    }
}

void Engine::State::save_counter(std::uint32_t place, std::span<const Pending> waiting,
                                 Writer& out) const {
    const Members& members = members_[place];
    out.signed_number(members.swept);
    out.number(members.ids.size());
    for (const GroupId id : members.ids) save_group(groups_[id], out);
    // Waiting matches name their group by its place in the list above.
    std::vector<std::pair<GroupId, std::uint64_t>> places;
    if (!waiting.empty()) {
        for (std::uint64_t i = 0; i < members.ids.size(); ++i) {
            places.emplace_back(members.ids[i], i);
        }
        std::ranges::sort(places);
    }
    out.number(waiting.size());
    std::int64_t last = 0;
    for (const Pending& pending : waiting) {
        out.number(std::ranges::lower_bound(places, pending.group, {},
                                            &std::pair<GroupId, std::uint64_t>::first)
                       ->second);
        out.signed_number(pending.time - last);
        last = pending.time;
        out.number(pending.id);
        out.number(pending.block);
        out.number(pending.record);
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
    Members& members = members_[place];
    members.swept = in.signed_number();
    for (std::uint64_t n = in.count(2); n > 0 && in.good(); --n) load_group(place, in);
    const bool by_rule =
        counter.kind == Counter::Kind::temporal || counter.kind == Counter::Kind::ordered;
    std::int64_t last = 0;
    for (std::uint64_t n = in.count(6); n > 0 && in.good(); --n) {
        const std::uint64_t group = in.number();
        Pending pending;
        pending.time = last += in.signed_number();
        pending.id = in.number();
        pending.block = in.number();
        pending.record = static_cast<std::uint32_t>(in.number());
        pending.value = in.number();
        if (group >= members.ids.size() || (by_rule && pending.value >= counter.rules)) {
            return in.spoil();
        }
        pending.group = members.ids[group];
        ++groups_[pending.group].waiting;
        buffer_.push(pending);
    }
}

void Engine::State::load_group(std::uint32_t place, Reader& in) {
    const Counter& counter = plan_.counters[place];
    const auto key = in.bytes();
    bool fresh = false;
    const GroupId id = groups_.intern(place, hash(counter.seed, key), key, fresh);
    if (!fresh) return in.spoil();
    members_[place].ids.push_back(id);
    const std::uint64_t flags = in.number();
    groups_[id].fired = (flags & 1) != 0;
    groups_[id].live = (flags & 2) != 0;
    if (!groups_[id].live) return;
    ++members_[place].live;
    groups_[id].episode = static_cast<std::uint32_t>(in.number());
    groups_[id].matches = static_cast<std::uint32_t>(in.number());
    groups_[id].told = static_cast<std::uint32_t>(in.number());
    if (counter.kind == Counter::Kind::plain) {
        groups_[id].memory().fired_at = in.signed_number();
        groups_[id].memory().newest = in.signed_number();
    } else if (counter.kind == Counter::Kind::count) {
        const std::uint64_t size = in.count();
        if (size > counter.limit) return in.spoil();
        groups_.reserve(id, static_cast<std::uint32_t>(size));
        if (!Ring(groups_[id]).load(in, size)) in.spoil();
    } else if (in.flag()) {
        auto window = make_window(counter);
        window->load(in);
        groups_.account(static_cast<std::ptrdiff_t>(window->bytes()));
        groups_[id].window() = window.release();
    }
}

}  // namespace correlate
