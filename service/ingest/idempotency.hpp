#pragma once

#include "base/digest.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ingest {

/// Which batches were answered under an Idempotency-Key, so that a repeat gets the same answer at
/// once. Held in memory: after a restart a repeat is journalled again, and the evaluator drops it
/// by the block's (client, idempotency). Thread-safe.
class Idempotency {
public:
    using Steady = std::chrono::steady_clock::time_point;

    Idempotency(std::chrono::hours age, std::size_t keys) : age_(age), most_(keys) {}

    enum class Verdict : std::uint8_t {
        first,      ///< Handle it; then `finish` or `forget`.
        in_flight,  ///< 409: the same key is being handled.
        other,      ///< 422: the same key came with another body.
        replay,     ///< The stored answer.
    };
    struct Found {
        Verdict verdict = Verdict::first;
        std::string answer;  ///< For replay.
    };
    Found begin(std::string_view client, std::string_view key, const base::Digest& body,
                Steady now);
    /// The batch is durable and was answered with this.
    void finish(std::string_view client, std::string_view key, std::string answer);
    /// The batch was not stored: the key may be used again.
    void forget(std::string_view client, std::string_view key);

private:
    using Key = std::pair<std::string, std::string>;
    struct Entry {
        base::Digest body{};
        std::optional<std::string> answer;
        Steady since{};
    };
    void expire(Steady now);

    std::mutex mutex_;
    std::chrono::hours age_;
    std::size_t most_;
    std::map<Key, Entry> entries_;
    std::deque<std::pair<Steady, Key>> order_;  // oldest first; may name keys that are gone
};

}  // namespace ingest
