#pragma once

#include "correlate/window.hpp"

#include <deque>

namespace correlate {

/// The sum or the mean of numbers in a sliding span.
///
/// Up to `exact_hits` hits each has its cell. Beyond, cells of one 4,096th of the span are merged:
/// a hit is then counted until the newest hit of its cell leaves, so the window reaches back at
/// most that much further than the span.
class SumWindow final : public Window {
public:
    SumWindow(bool mean, std::int64_t span) noexcept : mean_(mean), grain_(span / 4'096 + 1) {}

    void add(const Hit& hit, std::int64_t from) override;
    bool drop_oldest(std::int64_t from) override;
    [[nodiscard]] bool empty() const noexcept override { return cells_.empty(); }
    [[nodiscard]] double value() const override;
    [[nodiscard]] bool exact() const noexcept override { return merged_ == 0; }
    [[nodiscard]] std::int64_t newest() const noexcept override;
    [[nodiscard]] std::uint64_t weight() const noexcept override { return hits_; }
    void sample(std::int64_t from, std::vector<RecordRef>& out) const override;
    [[nodiscard]] std::size_t bytes() const noexcept override;
    void save(Writer& out) const override;
    void load(Reader& in) override;

private:
    /// A sum in two doubles (Knuth's TwoSum), so that adding and later taking away leaves nothing
    /// behind and 0.1 ten times is 1.
    struct Total {
        double high = 0;
        double low = 0;
        void add(double value) noexcept;
        void add(const Total& other) noexcept;
        void take(const Total& other) noexcept { add(Total{-other.high, -other.low}); }
    };
    struct Cell {
        std::int64_t time = 0;  // of its newest hit
        std::uint64_t hits = 0;
        Total sum;
    };

    [[nodiscard]] std::int64_t slot_of(std::int64_t time) const noexcept;
    void merge_all();

    bool mean_;
    std::int64_t grain_;
    std::deque<Cell> cells_;
    std::uint64_t hits_ = 0;
    std::uint64_t merged_ = 0;  // cells of more than one hit
    bool coarse_ = false;       // merging, since the exact size was passed
    Total total_;
    Sample sample_;
};

}  // namespace correlate
