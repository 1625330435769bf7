#pragma once

#include "correlate/temporal_window.hpp"

#include <vector>

namespace correlate {

/// The longest chain of hits, one a rule, in list order with non-decreasing times inside a span.
///
/// latest(l, i) is the latest start among chains of l hits that use only rules up to place i. A hit
/// extends the best shorter chain before it, so the hits themselves need not be kept: hits come in
/// order of time, and those of one time are chained in list order whatever order they came in.
class OrderedWindow final : public Window {
public:
    explicit OrderedWindow(std::size_t rules);

    void add(const Hit& hit, std::int64_t from) override;
    bool drop_oldest(std::int64_t from) override;
    [[nodiscard]] bool empty() const noexcept override { return hits_.empty(); }
    [[nodiscard]] double value() const override { return static_cast<double>(length_); }
    /// With an expression: it must hold, and the rules that have hits must be one chain.
    [[nodiscard]] bool holds(const Counter& counter) const override;
    [[nodiscard]] std::int64_t newest() const noexcept override { return hits_.newest(); }
    [[nodiscard]] std::uint64_t weight() const noexcept override { return hits_.weight(); }
    void sample(std::int64_t from, std::vector<RecordRef>& out) const override {
        hits_.sample(from, out);
    }
    [[nodiscard]] std::size_t bytes() const noexcept override;
    void save(Writer& out) const override;
    void load(Reader& in) override;

private:
    [[nodiscard]] std::int64_t& latest(std::size_t length, std::size_t rule) noexcept {
        return latest_[(length - 1) * rules_ + rule];
    }
    [[nodiscard]] std::int64_t start(std::size_t length) const noexcept {
        return latest_[length * rules_ - 1];
    }
    void extend(std::size_t rule, std::int64_t time);

    std::size_t rules_;
    TemporalWindow hits_;
    std::vector<std::int64_t> latest_;  // rules_ x rules_
    std::size_t length_ = 0;            // of the longest chain inside the span
};

}  // namespace correlate
