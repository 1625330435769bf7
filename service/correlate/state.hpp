#pragma once

#include "correlate/buffer.hpp"
#include "correlate/deadlines.hpp"
#include "correlate/engine.hpp"
#include "correlate/groups.hpp"
#include "correlate/plan.hpp"
#include "correlate/wheel.hpp"

#include <string>
#include <vector>

namespace correlate {

/// What an Engine is made of. take.cpp fills the buffer, apply.cpp empties it into the windows,
/// expire.cpp fires what did not come, forget.cpp removes groups, snapshot.cpp saves and restores,
/// reload.cpp changes the policies.
class Engine::State {
public:
    State(std::shared_ptr<const policy::Set> set, std::shared_ptr<const call::Names> names,
          const Options& options);
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    // take.cpp
    void observe(const call::Call& call, std::span<const policy::PolicyIndex> matched,
                 std::uint64_t block, std::vector<Firing>& late);
    void settle();

    // apply.cpp
    /// What does not come fires up to `told`, at most the watermark.
    void advance(std::int64_t watermark, std::int64_t told, std::vector<Firing>& out,
                 const Sight* sight);

    // forget.cpp
    void forget(const std::function<bool(std::string_view)>& names);

    // reload.cpp
    /// Takes the set, names and plan of one that has no windows.
    void use(State& next);

    // snapshot.cpp
    void save(Writer& out) const;
    base::Result<void> load(Reader& in);

    [[nodiscard]] Stats stats() const noexcept;
    [[nodiscard]] const Options& options() const noexcept { return options_; }
    [[nodiscard]] std::int64_t watermark() const noexcept { return watermark_; }
    /// A state as empty as at construction, of the same set, names and options.
    [[nodiscard]] std::unique_ptr<State> fresh() const;

private:
    /// What one policy has on this shard. Groups that are not live have matches waiting.
    struct Members {
        Wheel wheel;
        Deadlines deadlines;  // of absence, in place of the wheel
        std::size_t live = 0;
    };

    /// A match before its group was looked up.
    struct Taken {
        std::uint64_t hash = 0;  // of the key, for the table
        Pending pending;
        std::uint32_t counter = 0;
        // In texts_: the value, if it is to be hashed, then the key.
        std::uint32_t value_at = 0;
        std::uint32_t key_at = 0;
        std::uint32_t end = 0;
        bool first = false;  // of its call
    };

    /// The order of the matches of one call.
    struct Tie {
        const Groups* groups;
        [[nodiscard]] bool operator()(const Pending& a, const Pending& b) const noexcept;
    };

    // take.cpp
    bool take(const Feed& feed, const call::Call& call, std::uint64_t block, bool first);
    void fire_late(policy::PolicyIndex policy, const call::Call& call, std::uint64_t block,
                   std::vector<Firing>& late);
    void add_group(const Feed& feed, const call::Call& call, std::string& key);
    bool value_of(const Feed& feed, const call::Call& call, std::uint64_t& value);
    [[nodiscard]] std::string_view key_of(const Taken& taken) const noexcept;
    void look_up(const Taken& taken);
    [[nodiscard]] std::uint64_t hash(std::uint64_t seed, std::string_view bytes) const noexcept;
    [[nodiscard]] std::uint64_t table_hash(const Counter& counter,
                                           std::string_view key) const noexcept;
    [[nodiscard]] bool elsewhere(const Counter& counter, std::string_view key) const noexcept;

    // apply.cpp
    void apply(GroupId id, const Hit& hit, bool last_of_call, std::vector<Firing>& out);
    void apply_plain(GroupId id, const Hit& hit, std::vector<Firing>& out);
    void apply_count(GroupId id, const Hit& hit, std::vector<Firing>& out);
    void apply_few(GroupId id, const Hit& hit, std::vector<Firing>& out);
    void apply_window(GroupId id, const Hit& hit, bool last_of_call, std::vector<Firing>& out);
    void conclude(GroupId id, const Hit& hit, bool holds, double value, bool exact,
                  std::vector<Firing>& out);
    void fire(GroupId id, const Hit& hit, double value, bool exact, std::vector<Firing>& out);
    void fall(GroupId id, std::int64_t at, std::vector<Firing>& out);
    void repeat(GroupId id, std::int64_t at, bool at_once, std::vector<Firing>& out);
    void done_with(GroupId id);
    void feed_outer(GroupId id, const Hit& hit, std::vector<Firing>& out);
    [[nodiscard]] std::uint32_t period(std::int64_t time) const noexcept;
    [[nodiscard]] static std::vector<GroupValue> group_values(const Counter& counter,
                                                              std::string_view key);

    // expire.cpp
    void apply_absence(GroupId id, const Hit& hit, std::vector<Firing>& out);
    void answer(GroupId id, std::int64_t time);
    void forget_answers();
    void watch(GroupId id, std::int64_t time);
    void expire(std::int64_t until, std::vector<Firing>& out);
    void expire_at(std::uint32_t counter, std::int64_t now, std::vector<Firing>& out);
    [[nodiscard]] Seen seen(const Counter& counter, std::int64_t from, std::int64_t to) const;

    // forget.cpp
    [[nodiscard]] static bool is_named(std::string_view key,
                                       const std::function<bool(std::string_view)>& names);
    void wake(GroupId id, std::int64_t time, std::vector<Firing>& out);
    void sweep(std::uint32_t counter, std::int64_t now, std::vector<Firing>& out);
    void evict(std::uint32_t counter, std::vector<Firing>& out);
    void reset(GroupId id, std::vector<Firing>& out);
    void release(GroupId id);
    void release_dying();
    void place(GroupId id, std::int64_t newest);
    [[nodiscard]] static std::int64_t end(const Counter& counter, std::int64_t newest) noexcept;
    [[nodiscard]] std::int64_t newest(const Group& group) const noexcept;
    [[nodiscard]] std::uint64_t weight(const Group& group) const noexcept;

    // reload.cpp
    void drop_without(std::span<const std::uint32_t> places);
    void move_to(std::span<const std::uint32_t> places, const std::vector<Counter>& counters);

    // snapshot.cpp
    void save_groups(std::uint32_t counter, std::span<const GroupId> held, Writer& out) const;
    void save_group(const Group& group, Writer& out) const;
    void load_counter(std::uint32_t counter, Reader& in);
    GroupId load_group(std::uint32_t counter, Reader& in);
    void load_hits(GroupId id, Reader& in);

    std::shared_ptr<const call::Names> names_;
    Options options_;
    Plan plan_;
    Groups groups_;
    std::vector<Members> members_;  // by counter
    Buffer<Tie> buffer_;
    std::int64_t watermark_ = no_time;
    Stats stats_;
    std::vector<std::uint32_t> absences_;  // counters with deadlines, inner before outer
    std::int64_t next_deadline_ = Deadlines::never;
    std::int64_t answered_at_ = no_time;
    std::vector<GroupId> answered_;  // groups whose `fired` says so

    // Matches whose groups are looked up together: by then their memory has been fetched.
    std::vector<Taken> taken_;
    std::string texts_;

    const Sight* sight_ = nullptr;  // lent by the caller of advance, while it runs

    // Scratch.
    std::string text_;
    std::string number_;
    std::vector<GroupId> seen_;
    std::vector<GroupId> due_;
    std::vector<GroupId> dying_;
    std::vector<GroupId> expired_;
};

/// The parts of a group key in one text: each its length plus one as LEB128 and its bytes; 0 for an
/// absent one. Two tuples have one text only when they are equal.
void add_part(std::string& key, std::string_view part);
void add_absent(std::string& key);
/// The next part, taken off the key; nothing when it is absent.
[[nodiscard]] std::optional<std::string_view> next_part(std::string_view& key) noexcept;

}  // namespace correlate
