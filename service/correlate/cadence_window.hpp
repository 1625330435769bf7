#pragma once

#include "correlate/window.hpp"

#include <deque>
#include <vector>

namespace correlate {

/// How regularly hits come: the robust coefficient of variation of the intervals between them in a
/// sliding span, 1.4826 times the median absolute deviation from the median over that median. It is
/// near 0 for a machine's clock and near 1 for what comes by chance, as the plain coefficient is,
/// but one pause of hours does not hide a camera: up to half of the intervals may be anything.
///
/// Exact for the newest `exact_hits`; while there were more in the span, older ones are left out.
class CadenceWindow final : public Window {
public:
    explicit CadenceWindow(std::int64_t span) noexcept : span_(span) {}

    void add(const Hit& hit, std::int64_t from) override;
    bool drop_oldest(std::int64_t from) override;
    [[nodiscard]] bool empty() const noexcept override { return times_.empty(); }
    /// Of at least one interval and a median above 0, else 0.
    [[nodiscard]] double value() const override;
    /// Never with fewer intervals than asked for, nor when their median is 0: times that are not
    /// written finely enough say nothing of regularity.
    [[nodiscard]] bool holds(const Counter& counter) const override;
    [[nodiscard]] bool exact() const noexcept override { return left_out_ == no_time; }
    [[nodiscard]] std::int64_t newest() const noexcept override;
    [[nodiscard]] std::uint64_t weight() const noexcept override { return times_.size(); }
    void sample(std::int64_t from, std::vector<RecordRef>& out) const override;
    void figures(std::vector<Figure>& out) const override;
    [[nodiscard]] std::size_t bytes() const noexcept override;
    void save(Writer& out) const override;
    void load(Reader& in) override;

private:
    [[nodiscard]] std::int64_t twice_median() const noexcept;
    [[nodiscard]] std::int64_t twice_deviation(std::size_t rank, std::int64_t centre) const;
    void append(std::int64_t time);
    void remove_front();

    std::int64_t span_;
    std::deque<std::int64_t> times_;
    std::vector<std::int64_t> intervals_;  // sorted; moved as RankWindow's numbers are
    std::int64_t left_out_ = no_time;      // the newest hit that was left out of the present span
    Sample sample_;
};

}  // namespace correlate
