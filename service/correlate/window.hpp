#pragma once

#include "correlate/codec.hpp"
#include "correlate/firing.hpp"
#include "correlate/packed_ref.hpp"
#include "correlate/plan.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace correlate {

inline constexpr std::size_t sample_size = 5;
inline constexpr std::int64_t no_time = std::numeric_limits<std::int64_t>::min();
/// Times are kept within this of 1970, whatever a log or a saved state says, so that adding a span
/// stays inside 64 bits; year 9999 is far inside.
inline constexpr std::int64_t far = 4'000'000'000'000'000'000;

/// A match applied to a window.
struct Hit {
    std::int64_t time = 0;  ///< Event time, microseconds.
    /// What the counter needs: the rule's place (temporal, absence, joint), the value's hash
    /// (distinct), the bits of a double (sum, average, rank), what it counts for (ratio), else
    /// nothing.
    std::uint64_t value = 0;
    PackedRef ref;

    [[nodiscard]] double real() const noexcept { return std::bit_cast<double>(value); }
};

/// Remembers the records of the newest hits.
class Sample {
public:
    void add(const Hit& hit) noexcept;
    /// Whether the newest hit was of that record.
    [[nodiscard]] bool ends_with(const Hit& hit) const noexcept {
        return newest_.front().time == hit.time && newest_.front().ref == hit.ref;
    }
    [[nodiscard]] PackedRef last() const noexcept { return newest_.front().ref; }
    /// Appends those not before `from`, oldest first.
    void take(std::int64_t from, std::vector<RecordRef>& out) const;
    void save(Writer& out) const;
    void load(Reader& in);

private:
    struct Entry {
        std::int64_t time = no_time;
        PackedRef ref;
    };
    std::array<Entry, sample_size> newest_{};  // the newest first
};

/// The hits of one group inside a sliding span. Hits come in order of time; the window is told
/// where the span begins and reads no clock.
class Window {
public:
    virtual ~Window() = default;

    /// Counts a hit of the span that begins at `from`, after the older ones were dropped.
    virtual void add(const Hit& hit, std::int64_t from) = 0;
    /// Drops what left first, all of one time, if that is before `from`: the steps in which a
    /// condition can change between two hits. False when nothing is that old.
    virtual bool drop_oldest(std::int64_t from) = 0;
    [[nodiscard]] virtual bool empty() const noexcept = 0;
    /// The number that is compared with the bounds.
    [[nodiscard]] virtual double value() const = 0;
    /// Firing::total.
    [[nodiscard]] virtual std::uint64_t total() const noexcept { return 0; }
    /// Appends Firing::held.
    virtual void held(std::vector<std::uint32_t>& /*out*/) const {}
    /// Whether the condition holds. An empty window satisfies none.
    [[nodiscard]] virtual bool holds(const Counter& counter) const {
        return counter.holds(value());
    }
    [[nodiscard]] virtual bool exact() const noexcept { return true; }
    [[nodiscard]] virtual std::int64_t newest() const noexcept = 0;
    /// How much would be lost with this window: its hits.
    [[nodiscard]] virtual std::uint64_t weight() const noexcept = 0;
    virtual void sample(std::int64_t from, std::vector<RecordRef>& out) const = 0;
    /// When the window of a firing begins whose span does at `from`.
    [[nodiscard]] virtual std::int64_t begins(std::int64_t from) const noexcept { return from; }
    /// Appends what a firing says beside its number.
    virtual void figures(std::vector<Figure>&) const {}
    [[nodiscard]] virtual std::size_t bytes() const noexcept = 0;
    virtual void save(Writer& out) const = 0;
    /// Borrows from another counter of the same meaning what it borrowed from its own, which goes:
    /// of the kinds that Counter::lends.
    virtual void borrow_from(const Counter&) {}
    /// Into an empty window. Spoils the reader when what it finds cannot be.
    virtual void load(Reader& in) = 0;
};

/// An empty window for the counter, which it borrows. Null without Counter::has_window.
[[nodiscard]] std::unique_ptr<Window> make_window(const Counter& counter);

}  // namespace correlate
