#pragma once

#include "correlate/distinct_window.hpp"

namespace correlate {

/// The values that a group has shown, each for a span after it was last seen: is the hit's new?
///
/// Beyond `limit` values the one seen longest ago is forgotten. The error is one-sided: a value
/// that comes back may be called new, a new one is never missed. A filter of fixed size would err
/// the other way, and whoever floods it with values could then come in unseen.
class NewValueWindow final : public Window {
public:
    explicit NewValueWindow(std::size_t limit) noexcept : limit_(limit), values_(limit) {}

    void add(const Hit& hit, std::int64_t from) override;
    bool drop_oldest(std::int64_t from) override { return values_.drop_oldest(from); }
    [[nodiscard]] bool empty() const noexcept override { return values_.empty(); }
    /// Values remembered, that of the newest hit among them.
    [[nodiscard]] double value() const override { return values_.value(); }
    /// The newest hit brought a new value, and the group was old enough to tell.
    [[nodiscard]] bool holds(const Counter& counter) const override;
    /// Nothing that the span still covers was forgotten.
    [[nodiscard]] bool exact() const noexcept override { return forgotten_ == no_time; }
    [[nodiscard]] std::int64_t newest() const noexcept override { return values_.newest(); }
    /// All hits: a key that has shown one value for a month must outlive a flood of new keys.
    [[nodiscard]] std::uint64_t weight() const noexcept override { return hits_; }
    /// The record that brought the new value: the others show what is known.
    void sample(std::int64_t from, std::vector<RecordRef>& out) const override;
    [[nodiscard]] std::size_t bytes() const noexcept override;
    void save(Writer& out) const override;
    void load(Reader& in) override;

private:
    std::size_t limit_;
    DistinctWindow values_;
    std::int64_t born_ = no_time;       // the first hit since the group knew nothing
    std::int64_t forgotten_ = no_time;  // when the last value given up in the span was last seen
    std::uint64_t hits_ = 0;
    bool fresh_ = false;  // of the newest hit; asked only when it has just been added
};

}  // namespace correlate
