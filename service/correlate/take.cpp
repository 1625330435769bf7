#include "correlate/ratio_window.hpp"
#include "correlate/siphash.hpp"
#include "correlate/state.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace correlate {
namespace {

constexpr std::size_t together = 64;  // matches taken before their groups are looked up
constexpr std::size_t longest_texts = 65'536;
constexpr std::size_t ahead = 8;  // of them fetched early

std::int64_t micros_of(base::EventTime time) noexcept {
    return std::clamp(base::micros(time), -far, far);
}

}  // namespace

void add_part(std::string& key, std::string_view part) {
    std::uint64_t size = part.size() + 1;
    for (; size >= 0x80; size >>= 7) key += static_cast<char>((size & 0x7f) | 0x80);
    key += static_cast<char>(size);
    key.append(part);
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
                            std::uint64_t block, std::vector<Firing>& late) {
    std::size_t feeds = 0;
    for (const policy::PolicyIndex policy : matched) feeds += plan_.feeds[policy].size();
    if (feeds == 0) return;
    if (micros_of(call.time()) <= watermark_) {
        stats_.late += feeds;
        for (const policy::PolicyIndex policy : matched) fire_late(policy, call, block, late);
        return;
    }
    bool first = true;
    for (const policy::PolicyIndex policy : matched) {
        for (const Feed& feed : plan_.feeds[policy]) {
            if (take(feed, call, block, first)) first = false;
            // Long texts must not pile up either.
            if (taken_.size() >= together || texts_.size() > longest_texts) settle();
        }
    }
}

/// A late call's firing of a rule that needs no window. It is made of the call alone: no group is
/// looked up or changed, so what comes in time fires as if the late call had never been.
void Engine::State::fire_late(policy::PolicyIndex policy, const call::Call& call,
                              std::uint64_t block, std::vector<Firing>& late) {
    if (!plan_.set->policies()[policy].callerprint.fires_late()) return;
    for (const Feed& feed : plan_.feeds[policy]) {
        const Counter& counter = plan_.counters[feed.counter];
        if (counter.kind != Counter::Kind::plain) continue;
        text_.clear();
        add_group(feed, call, text_);
        if (elsewhere(counter, text_)) continue;
        Firing firing;
        firing.policy = policy;
        firing.at = firing.window_start = base::event_time(micros_of(call.time()));
        firing.group = group_values(counter, text_);
        firing.value = 1;
        firing.sample.push_back(PackedRef(block, call.header().record).unpack());
        firing.behind = base::event_time(watermark_);
        late.push_back(std::move(firing));
        ++stats_.firings;
    }
}

void Engine::State::add_group(const Feed& feed, const call::Call& call, std::string& key) {
    for (const call::Slot slot : feed.group) {
        std::string_view part;
        if (slot != call::no_slot && call::scalar_text(call.at(slot), number_, part)) {
            add_part(key, part);
        } else {
            add_absent(key);
        }
    }
}

bool Engine::State::take(const Feed& feed, const call::Call& call, std::uint64_t block,
                         bool first) {
    const Counter& counter = plan_.counters[feed.counter];
    Taken& taken = taken_.emplace_back();
    taken.first = first;
    taken.counter = feed.counter;
    taken.value_at = static_cast<std::uint32_t>(texts_.size());
    taken.pending = {.time = micros_of(call.time()),
                     .id = call.header().id,
                     .ref = {block, call.header().record}};
    bool counts = value_of(feed, call, taken.pending.value);
    if (counts) {
        taken.key_at = static_cast<std::uint32_t>(texts_.size());
        add_group(feed, call, texts_);
        taken.end = static_cast<std::uint32_t>(texts_.size());
        counts = !elsewhere(counter, key_of(taken));
    }
    if (!counts) {
        texts_.resize(taken.value_at);
        taken_.pop_back();
    }
    return counts;
}

std::string_view Engine::State::key_of(const Taken& taken) const noexcept {
    return std::string_view(texts_).substr(taken.key_at, taken.end - taken.key_at);
}

/// Looks the groups of all that was taken up and puts the matches into the buffer.
void Engine::State::settle() {
    // One hash waits for itself at every step; several in a row run beside each other.
    for (Taken& taken : taken_) {
        const Counter& counter = plan_.counters[taken.counter];
        taken.hash = table_hash(counter, key_of(taken));
        groups_.prefetch_slot(taken.hash);
        if (!counter.by_value()) continue;
        const auto value = std::string_view(texts_).substr(taken.value_at);
        taken.pending.value = hash(0, value.substr(0, taken.key_at - taken.value_at));
    }
    for (std::size_t i = 0; i < taken_.size(); ++i) {
        if (i + 2 * ahead < taken_.size())
            groups_.prefetch_candidate_pointer(taken_[i + 2 * ahead].hash);
        if (i + ahead < taken_.size()) groups_.prefetch_candidate(taken_[i + ahead].hash);
        look_up(taken_[i]);
    }
    taken_.clear();
    if (texts_.capacity() > 2 * longest_texts) texts_ = {};
    texts_.clear();
}

void Engine::State::look_up(const Taken& taken) {
    const Counter& counter = plan_.counters[taken.counter];
    bool fresh = false;
    const GroupId id = groups_.intern(taken.counter, taken.hash, key_of(taken), fresh);
    if (taken.first) seen_.clear();
    Pending pending = taken.pending;
    pending.group = id;
    if (counter.once_a_call()) {
        if (std::ranges::find(seen_, id) != seen_.end()) {
            // The call is counted, but its rule may still be the one whose part is asked for.
            if (counter.kind == Counter::Kind::ratio) pending.value &= RatioWindow::numerator;
            if (counter.kind != Counter::Kind::ratio || pending.value == 0) return;
        } else {
            seen_.push_back(id);
        }
    }
    ++groups_[id].waiting;
    ++stats_.matches;
    buffer_.push(pending);
}

bool Engine::State::value_of(const Feed& feed, const call::Call& call, std::uint64_t& value) {
    const Counter& counter = plan_.counters[feed.counter];
    switch (counter.kind) {
        case Counter::Kind::plain:
        case Counter::Kind::count:
        case Counter::Kind::cadence:
            return true;
        case Counter::Kind::temporal:
        case Counter::Kind::ordered:
        case Counter::Kind::absence:
            value = feed.rule;
            return true;
        case Counter::Kind::ratio:
            value = RatioWindow::part_of(*counter.correlation, feed.rule);
            return true;
        case Counter::Kind::few:
        case Counter::Kind::distinct:
        case Counter::Kind::new_value:
            for (const call::Slot slot : feed.fields) {
                std::string_view part;
                if (slot == call::no_slot || !call::scalar_text(call.at(slot), number_, part)) {
                    return false;
                }
                add_part(texts_, part);
            }
            return true;  // settle makes it a hash
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

std::uint64_t Engine::State::table_hash(const Counter& counter,
                                        std::string_view key) const noexcept {
    return siphash_13(options_.hash_key[0], options_.hash_key[1] ^ counter.seed, key);
}

bool Engine::State::elsewhere(const Counter& counter, std::string_view key) const noexcept {
    if (options_.shard_count == 1) return false;
    const std::uint64_t place =
        counter.one_shard ? counter.shard_seed : hash(counter.shard_seed, key);
    return place % options_.shard_count != options_.shard;
}

}  // namespace correlate
