#pragma once

#include "correlate/window.hpp"

#include <cstdint>
#include <vector>

namespace correlate {

/// A count in two bytes: exact up to 4,095, then 12 significant bits, so within 1 in 4,096, and at
/// most 4,095 * 2^30.
[[nodiscard]] std::uint16_t short_count(std::uint64_t count) noexcept;
[[nodiscard]] std::uint64_t whole_count(std::uint16_t code) noexcept;

/// The hits of this hour against those of the same hour of the week in the group's own past four
/// weeks, in UTC: how many deviations above what is usual, or how many times as many.
///
/// The usual is the median of the slot's weeks and the deviation their median deviation; while
/// there are fewer than four, each missing week stands for half a week of the group's overall
/// median hour and deviation, and the way the median was moved by that is added to the deviation,
/// which is never below that of chance. All of it is fixed when the hour begins and worked out once
/// an hour, when enough hits have come. 1,344 bytes of history at most.
class BaselineWindow final : public Window {
public:
    static constexpr std::int64_t hour = 3'600'000'000;
    static constexpr std::int64_t week = 168;       ///< Hours.
    static constexpr std::int64_t kept = 4 * week;  ///< Hours.
    /// A silence of more hours than are kept begins anew, so a group lives so long after a hit.
    static constexpr std::int64_t lives = (kept + 1) * hour;

    explicit BaselineWindow(const policy::Correlation& asked) noexcept : asked_(&asked) {}

    void add(const Hit& hit, std::int64_t from) override;
    /// Another hour than that of the last hit begins without hits.
    bool drop_oldest(std::int64_t from) override;
    [[nodiscard]] bool empty() const noexcept override { return count_ == 0; }
    [[nodiscard]] double value() const override;
    [[nodiscard]] bool holds(const Counter& counter) const override;
    [[nodiscard]] std::int64_t newest() const noexcept override { return newest_; }
    [[nodiscard]] std::uint64_t weight() const noexcept override { return hits_; }
    [[nodiscard]] std::int64_t begins(std::int64_t) const noexcept override { return hour_ * hour; }
    void sample(std::int64_t from, std::vector<RecordRef>& out) const override;
    void figures(std::vector<Figure>& out) const override;
    [[nodiscard]] std::size_t bytes() const noexcept override;
    void borrow_from(const Counter& counter) override { asked_ = counter.correlation; }
    void save(Writer& out) const override;
    void load(Reader& in) override;

private:
    struct Usual {
        double count = 0;
        double deviation = 0;
        std::int64_t weeks = 0;  // of the slot
        bool known = false;
    };

    [[nodiscard]] const Usual& usual() const;
    [[nodiscard]] double count_of(std::int64_t at) const noexcept;
    void close(std::int64_t next);
    void put(std::int64_t at, std::uint64_t count);

    const policy::Correlation* asked_;
    std::int64_t newest_ = no_time;
    std::int64_t first_ = 0;   // hour of the first hit, since 1970
    std::int64_t hour_ = 0;    // of the newest hit
    std::uint64_t count_ = 0;  // in that hour
    std::uint64_t hits_ = 0;
    std::vector<std::uint16_t> past_;  // of each hour since the first, modulo `kept`
    mutable Usual usual_;              // of this hour, once asked for
    Sample sample_;
};

}  // namespace correlate
