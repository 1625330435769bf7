#include "ingest/idempotency.hpp"

namespace ingest {

Idempotency::Found Idempotency::begin(std::string_view client, std::string_view key,
                                      const base::Digest& body, Steady now) {
    const std::lock_guard lock(mutex_);
    expire(now);
    const auto [found, fresh] =
        entries_.try_emplace(Key(client, key), Entry{body, std::nullopt, now});
    if (fresh) {
        order_.emplace_back(now, found->first);
        return {};
    }
    const Entry& entry = found->second;
    if (entry.body != body) return {Verdict::other, {}};
    if (!entry.answer) return {Verdict::in_flight, {}};
    return {Verdict::replay, *entry.answer};
}

void Idempotency::finish(std::string_view client, std::string_view key, std::string answer) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(Key(client, key));
    if (found != entries_.end()) found->second.answer = std::move(answer);
}

void Idempotency::forget(std::string_view client, std::string_view key) {
    const std::lock_guard lock(mutex_);
    entries_.erase(Key(client, key));
}

// A key in flight stays: its number is bounded by the connections.
void Idempotency::expire(Steady now) {
    while (!order_.empty() && (now - order_.front().first >= age_ || order_.size() > most_)) {
        const auto [since, key] = std::move(order_.front());
        order_.pop_front();
        const auto found = entries_.find(key);
        if (found == entries_.end() || found->second.since != since) continue;
        if (found->second.answer)
            entries_.erase(found);
        else if (now - since < age_)
            order_.emplace_back(since, key);
        if (!order_.empty() && order_.front().second == key) break;  // only those in flight left
    }
}

}  // namespace ingest
