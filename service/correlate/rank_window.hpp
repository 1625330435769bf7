#pragma once

#include "correlate/window.hpp"

#include <deque>
#include <vector>

namespace correlate {

/// A percentile of the numbers in a sliding span, by linear interpolation at rank P/100 * (n - 1).
/// Exact for the newest `exact_hits`; while there were more in the span, older ones are left out.
class RankWindow final : public Window {
public:
    explicit RankWindow(double percentile) noexcept : percentile_(percentile) {}

    void add(const Hit& hit, std::int64_t from) override;
    bool drop_oldest(std::int64_t from) override;
    [[nodiscard]] bool empty() const noexcept override { return hits_.empty(); }
    [[nodiscard]] double value() const override;
    [[nodiscard]] bool exact() const noexcept override { return left_out_ == no_time; }
    [[nodiscard]] std::int64_t newest() const noexcept override;
    [[nodiscard]] std::uint64_t weight() const noexcept override { return hits_.size(); }
    void sample(std::int64_t from, std::vector<RecordRef>& out) const override;
    [[nodiscard]] std::size_t bytes() const noexcept override;
    void save(Writer& out) const override;
    void load(Reader& in) override;

private:
    struct Entry {
        std::int64_t time = 0;
        double number = 0;
    };
    void remove_front();

    double percentile_;
    std::deque<Entry> hits_;
    std::vector<double> sorted_;  // the numbers of hits_: a move of 80 KB at worst beats a tree
    std::int64_t left_out_ = no_time;  // the newest hit that was left out of the present span
    Sample sample_;
};

}  // namespace correlate
