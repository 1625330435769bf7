#include "correlate/siphash.hpp"
#include "correlate/state.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace correlate {
namespace {

// Keeps time + span inside 64 bits whatever a log says; year 9999 is far inside.
constexpr std::int64_t far = 4'000'000'000'000'000'000;

std::int64_t micros_of(base::EventTime time) noexcept {
    return std::clamp(base::micros(time), -far, far);
}

}  // namespace

void add_part(std::string& key, std::string_view part) {
    std::uint64_t size = part.size() + 1;
    for (; size >= 0x80; size >>= 7) key += static_cast<char>((size & 0x7f) | 0x80);
    key += static_cast<char>(size);
    key += part;
}

void add_absent(std::string& key) {
    key += '\0';
}

std::optional<std::string_view> next_part(std::string_view& key) noexcept {
    std::uint64_t size = 0;
    for (unsigned shift = 0; !key.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(key.front());
        key.remove_prefix(1);
        size |= std::uint64_t{byte & 0x7fu} << shift;
        if (byte < 0x80) break;
    }
    if (size == 0) return std::nullopt;
    const auto part = key.substr(0, size - 1);
    key.remove_prefix(part.size());
    return part;
}

void Engine::State::observe(const call::Call& call, std::span<const policy::PolicyIndex> matched,
                            std::uint64_t block) {
    std::size_t feeds = 0;
    for (const policy::PolicyIndex policy : matched) feeds += plan_.feeds[policy].size();
    if (feeds == 0) return;
    if (micros_of(call.time()) <= watermark_) {
        stats_.late += feeds;
        return;
    }
    seen_.clear();
    for (const policy::PolicyIndex policy : matched) {
        for (const Feed& feed : plan_.feeds[policy]) take(feed, call, block, matched.size() > 1);
    }
}

void Engine::State::take(const Feed& feed, const call::Call& call, std::uint64_t block,
                         bool several) {
    const Counter& counter = plan_.counters[feed.counter];
    std::uint64_t value = 0;
    if (!value_of(feed, call, value)) return;
    key_.clear();
    for (const call::Slot slot : feed.group) {
        std::string_view part;
        if (slot != call::no_slot && call::scalar_text(call.at(slot), number_, part)) {
            add_part(key_, part);
        } else {
            add_absent(key_);
        }
    }
    const std::uint64_t key_hash = hash(counter.seed, key_);
    if (elsewhere(counter, key_, key_hash)) return;
    bool fresh = false;
    const GroupId id = groups_.intern(feed.counter, key_hash, key_, fresh);
    if (fresh) members_[feed.counter].ids.push_back(id);
    const bool by_rule =
        counter.kind == Counter::Kind::temporal || counter.kind == Counter::Kind::ordered;
    if (several && counter.rules > 1 && !by_rule) {
        // One call that matches two listed rules is one hit of a group.
        const std::pair entry{feed.counter, id};
        if (std::ranges::find(seen_, entry) != seen_.end()) return;
        seen_.push_back(entry);
    }
    ++groups_[id].waiting;
    ++stats_.matches;
    buffer_.push(
        {micros_of(call.time()), call.header().id, block, value, call.header().record, id});
}

bool Engine::State::value_of(const Feed& feed, const call::Call& call, std::uint64_t& value) {
    const Counter& counter = plan_.counters[feed.counter];
    switch (counter.kind) {
        case Counter::Kind::plain:
        case Counter::Kind::count:
            return true;
        case Counter::Kind::temporal:
        case Counter::Kind::ordered:
            value = feed.rule;
            return true;
        case Counter::Kind::distinct: {
            text_.clear();
            for (const call::Slot slot : feed.fields) {
                std::string_view part;
                if (slot == call::no_slot || !call::scalar_text(call.at(slot), number_, part)) {
                    return false;
                }
                add_part(text_, part);
            }
            value = hash(0, text_);
            return true;
        }
        case Counter::Kind::sum:
            if (feed.fields.empty()) {  // an event_count with a high threshold
                value = std::bit_cast<std::uint64_t>(1.0);
                return true;
            }
            [[fallthrough]];
        case Counter::Kind::average:
        case Counter::Kind::rank:
            break;
    }
    const call::Slot slot = feed.fields.front();
    if (slot == call::no_slot) return false;
    const call::Value& field = call.at(slot);
    double number = 0;
    if (field.kind() == call::Value::Kind::integer) {
        number = static_cast<double>(field.integer());
    } else if (field.kind() == call::Value::Kind::big_integer) {
        number = static_cast<double>(field.big_integer());
    } else if (field.kind() == call::Value::Kind::real) {
        number = field.real();
    } else {
        return false;
    }
    value = std::bit_cast<std::uint64_t>(number);
    return std::isfinite(number);
}

std::uint64_t Engine::State::hash(std::uint64_t seed, std::string_view bytes) const noexcept {
    return siphash(options_.hash_key[0], options_.hash_key[1] ^ seed, bytes);
}

bool Engine::State::elsewhere(const Counter& counter, std::string_view key,
                              std::uint64_t key_hash) const noexcept {
    if (options_.shard_count == 1) return false;
    const std::uint64_t place = counter.one_shard ? counter.shard_seed
                                : counter.shard_seed == counter.seed
                                    ? key_hash
                                    : hash(counter.shard_seed, key);
    return place % options_.shard_count != options_.shard;
}

}  // namespace correlate
