#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "call/batch.hpp"
#include "call/names.hpp"
#include "correlate/codec.hpp"
#include "correlate/firing.hpp"
#include "correlate/sight.hpp"
#include "policy/set.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Windows over matches, in event time.
///
/// A match waits until the watermark passes it and is then applied in the order of (event time,
/// call id): arrival order, batches, threads and restarts cannot change what fires. How that works,
/// what is exact and what is bounded: docs/explanation/event-time.md. Semantics: sigma.md 13.
namespace correlate {

/// What `pipeline` publishes of an engine. Gauges tell the present, counters only grow.
struct Stats {
    std::uint64_t groups = 0;    ///< Gauge: group keys held.
    std::uint64_t buffered = 0;  ///< Gauge: matches waiting for the watermark.
    std::uint64_t bytes = 0;     ///< Gauge: memory of groups, windows and waiting matches, about.
    std::uint64_t matches = 0;   ///< Counter: matches taken, once per policy that counts them.
    std::uint64_t late = 0;      ///< Counter: matches applied to no window, as it had passed them.
    std::uint64_t evicted = 0;   ///< Counter: live groups given up at a policy's cap.
    std::uint64_t firings = 0;   ///< Counter, without repeats.
    std::uint64_t inexact = 0;   ///< Counter: firings whose window was past the exact size.
    std::uint64_t blind = 0;     ///< Counter: absences not told, as not all that was sent came.
};

/// One shard's windows. Owned by one thread; reads no clock.
class Engine {
public:
    struct Options {
        /// Keep only the groups with hash(policy, group) % shard_count == shard. Policies chained
        /// to each other share a shard for a group; when they group by different names, one shard
        /// has all their groups.
        unsigned shard = 0;
        unsigned shard_count = 1;  ///< 1 to 1,024.
        /// Groups one policy may hold on this shard, at least 16. Beyond, those with the fewest
        /// matches go, a sixteenth at a time, and are counted.
        std::size_t groups_per_policy = 1'000'000;
        /// Event time between two repeats of one episode; 0: repeats are not given.
        std::chrono::microseconds repeat_every{0};
        /// Keys the hashes of groups and values, so that nobody can choose texts that collide. The
        /// same for all shards, and for as long as saved states are to be restored.
        std::uint64_t hash_key[2] = {0x63616c6c65727072, 0x696e742077696e64};
    };

    /// The set must have put its names into `names` (Set::want). Both are kept.
    Engine(std::shared_ptr<const policy::Set> set, std::shared_ptr<const call::Names> names,
           Options options);
    ~Engine();
    Engine(Engine&&) noexcept;
    Engine& operator=(Engine&&) noexcept;

    /// Takes the policies that matched one call (ascending, from Matcher::match). `block` is where
    /// its record is kept. Copies what it needs. A call not after the watermark is late: counted,
    /// and applied to no window. The rules it matched that fire by themselves do so at once, unless
    /// they say `late_ok: false`: appended to `late`, one for each match whatever the rule's quiet
    /// time, which is for who tells people (alert::Grouper).
    void observe(const call::Call& call, std::span<const policy::PolicyIndex> matched,
                 std::uint64_t block, std::vector<Firing>& late);

    /// Applies all waiting matches with time <= `watermark`, which is remembered, and appends what
    /// fired, in the order of `before`. A watermark older than the last one changes nothing. With
    /// `sight`, nothing is said not to have come that may have been lost: a group that is waited
    /// for is waited for anew from where what was sent came again, an answer that did not come in
    /// such a time is waited for no more.
    void advance(base::EventTime watermark, std::vector<Firing>& out, const Sight* sight = nullptr);

    /// Applies everything that waits: the end of a file. Whatever comes after is late. `newest` is
    /// the event time of the newest call, also of those that no rule matched: what did not come
    /// until then fires, and of later deadlines nobody knows.
    void finish(base::EventTime newest, std::vector<Firing>& out);

    [[nodiscard]] base::EventTime watermark() const noexcept;
    [[nodiscard]] Stats stats() const;

    /// Goes on under the set of another engine, which is taken up: policies keep their windows as
    /// in restore, and this one its watermark and counters. `next` is as made, of the same options.
    /// Takes microseconds when the places of the policies that keep groups stay the same, else some
    /// nanoseconds for each group.
    void use(Engine next);

    /// Gives up the groups of which `names` is true for a value that they are grouped by, with
    /// their windows and the matches that wait for them: nothing of them fires any more.
    void forget(const std::function<bool(std::string_view)>& names);

    /// The whole state: windows, waiting matches, watermark, quiet memory, episodes; with a
    /// version. An engine restored from it goes on exactly as this one would.
    void save(Writer& out) const;

    /// Takes a saved state in place of this one's. Policies with the same key and the same meaning
    /// (type, span, bounds, group keys, digests of their rules) keep their windows; others start
    /// empty. Reads to the end of the state, no further. Fails with Fault::invalid and changes
    /// nothing when the state is cut, makes no sense, or is of another version, shard or hash key.
    base::Result<void> restore(Reader& in);

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace correlate
