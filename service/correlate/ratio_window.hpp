#pragma once

#include "correlate/window.hpp"

#include <vector>

namespace correlate {

/// How many hits of a sliding span count for the numerator, over how many for the denominator.
///
/// Up to `exact_hits` different times each has its cell. Beyond, as in SumWindow, cells of one
/// 4,096th of the span are merged, and the window reaches back at most that much further than the
/// span: for both counts alike, so that the ratio is that of a window which begins a little early.
class RatioWindow final : public Window {
public:
    // What a hit counts for: its value.
    static constexpr std::uint64_t numerator = 1;
    static constexpr std::uint64_t denominator = 2;
    /// Of a hit of the rule in this place.
    [[nodiscard]] static std::uint64_t part_of(const policy::Correlation& correlation,
                                               std::uint32_t rule) noexcept {
        if (correlation.over_all) return rule == 0 ? numerator | denominator : denominator;
        return rule == 0 ? numerator : denominator;
    }
    [[nodiscard]] static bool is_part(std::uint64_t value) noexcept {
        return value >= numerator && value <= (numerator | denominator);
    }

    explicit RatioWindow(std::int64_t span) noexcept : grain_(span / 4'096 + 1) {}

    void add(const Hit& hit, std::int64_t from) override;
    bool drop_oldest(std::int64_t from) override;
    [[nodiscard]] bool empty() const noexcept override { return head_ == cells_.size(); }
    /// 0 over 0 is 0, which no condition sees: `holds` asks for a denominator.
    [[nodiscard]] double value() const override;
    [[nodiscard]] std::uint64_t total() const noexcept override { return denominator_; }
    [[nodiscard]] bool holds(const Counter& counter) const override;
    [[nodiscard]] bool exact() const noexcept override { return merged_ == 0; }
    [[nodiscard]] std::int64_t newest() const noexcept override;
    [[nodiscard]] std::uint64_t weight() const noexcept override {
        return numerator_ + denominator_;
    }
    void sample(std::int64_t from, std::vector<RecordRef>& out) const override;
    [[nodiscard]] std::size_t bytes() const noexcept override;
    void save(Writer& out) const override;
    void load(Reader& in) override;

private:
    struct Cell {
        std::int64_t time = 0;  // of its newest hit
        // A 4,096th of a week is two and a half minutes: no shard sees 4 billion hits in them.
        std::uint32_t numerator = 0;
        std::uint32_t denominator = 0;
        bool merged = false;  // of several times
    };

    [[nodiscard]] std::int64_t slot_of(std::int64_t time) const noexcept;
    void count(const Cell& cell) noexcept;
    void join(Cell& cell, const Cell& later) noexcept;
    void merge_all();

    std::int64_t grain_;
    std::vector<Cell> cells_;  // ascending; those before head_ are gone
    std::size_t head_ = 0;
    std::size_t merged_ = 0;  // cells of several times
    bool coarse_ = false;     // merging, since the exact size was passed
    std::uint64_t numerator_ = 0;
    std::uint64_t denominator_ = 0;
    Sample sample_;
};

}  // namespace correlate
