#pragma once

#include "correlate/temporal_window.hpp"

namespace correlate {

/// The weights of the listed rules that have a hit in a sliding span, added up: independent
/// signatures about one subject become one accusation. Exact always.
class JointWindow final : public Window {
public:
    /// One weight a rule, lent by the policy set.
    explicit JointWindow(const std::vector<std::uint32_t>& weights)
        : weights_(&weights), hits_(weights.size()) {}

    void add(const Hit& hit, std::int64_t from) override { hits_.add(hit, from); }
    bool drop_oldest(std::int64_t from) override { return hits_.drop_oldest(from); }
    [[nodiscard]] bool empty() const noexcept override { return hits_.empty(); }
    [[nodiscard]] double value() const override;
    void held(std::vector<std::uint32_t>& out) const override;
    [[nodiscard]] std::int64_t newest() const noexcept override { return hits_.newest(); }
    [[nodiscard]] std::uint64_t weight() const noexcept override { return sum(); }
    void sample(std::int64_t from, std::vector<RecordRef>& out) const override {
        hits_.sample(from, out);
    }
    [[nodiscard]] std::size_t bytes() const noexcept override {
        return sizeof *this - sizeof hits_ + hits_.bytes();
    }
    void borrow_from(const Counter& counter) override { weights_ = &counter.correlation->weights; }
    void save(Writer& out) const override { hits_.save(out); }
    void load(Reader& in) override { hits_.load(in); }

private:
    [[nodiscard]] std::uint64_t sum() const noexcept;

    const std::vector<std::uint32_t>* weights_;
    TemporalWindow hits_;
};

}  // namespace correlate
