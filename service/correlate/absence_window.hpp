#pragma once

#include "correlate/window.hpp"

namespace correlate {

/// What is waited for after a hit: of one rule its next hit, of two a hit of the second after one
/// of the first. It says when the wait is over; forget.cpp, which the watermark drives, acts on it.
/// Nothing comes true at a hit.
class AbsenceWindow final : public Window {
public:
    AbsenceWindow(std::int64_t span, bool pair) noexcept : span_(span), pair_(pair) {}

    /// A hit of the only or the first rule.
    void add(const Hit& hit, std::int64_t from) override;
    /// A hit of the second rule: nothing is waited for any more.
    void answer() noexcept;
    [[nodiscard]] bool waits() const noexcept { return since_ != no_time; }
    /// When the wait is over, or when the group may be forgotten. Hits only move it on.
    [[nodiscard]] std::int64_t deadline() const noexcept {
        return (waits() ? since_ : newest_) + span_;
    }
    /// The time after which something is waited for; only while it waits.
    [[nodiscard]] std::int64_t since() const noexcept { return since_; }
    [[nodiscard]] bool pair() const noexcept { return pair_; }
    /// Waits from another time on, as if the hit had been then.
    void wait_from(std::int64_t since) noexcept { since_ = since; }
    [[nodiscard]] PackedRef last() const noexcept { return sample_.last(); }

    bool drop_oldest(std::int64_t) override { return false; }
    [[nodiscard]] bool empty() const noexcept override { return hits_ == 0; }
    /// Hits since the group was first seen; with a second rule, those that nothing followed.
    [[nodiscard]] double value() const override { return static_cast<double>(hits_); }
    [[nodiscard]] bool holds(const Counter&) const override { return false; }
    [[nodiscard]] std::int64_t newest() const noexcept override { return newest_; }
    [[nodiscard]] std::uint64_t weight() const noexcept override { return hits_; }
    void sample(std::int64_t from, std::vector<RecordRef>& out) const override;
    [[nodiscard]] std::size_t bytes() const noexcept override { return sizeof *this; }
    void save(Writer& out) const override;
    void load(Reader& in) override;

private:
    std::int64_t span_;
    bool pair_;
    std::int64_t newest_ = no_time;  // hit of the only or the first rule
    std::int64_t since_ = no_time;  // the hit that is waited after: the newest, or the oldest open;
                                    // later where what was sent since did not all come
    std::uint64_t hits_ = 0;
    Sample sample_;
};

}  // namespace correlate
