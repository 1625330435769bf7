#pragma once

#include "correlate/window.hpp"

#include <vector>

namespace correlate {

/// Which of the listed rules have a hit in a sliding span: the newest hit of each decides.
class TemporalWindow final : public Window {
public:
    explicit TemporalWindow(std::size_t rules) : last_(rules) {}

    void add(const Hit& hit, std::int64_t from) override;
    bool drop_oldest(std::int64_t from) override;
    [[nodiscard]] bool empty() const noexcept override { return present_ == 0; }
    [[nodiscard]] double value() const override { return static_cast<double>(present_); }
    [[nodiscard]] bool holds(const Counter& counter) const override;
    [[nodiscard]] std::int64_t newest() const noexcept override;
    [[nodiscard]] std::uint64_t weight() const noexcept override { return present_; }
    void sample(std::int64_t from, std::vector<RecordRef>& out) const override;
    [[nodiscard]] std::size_t bytes() const noexcept override;
    void save(Writer& out) const override;
    void load(Reader& in) override;

    /// Whether the rule in this place has a hit.
    [[nodiscard]] bool present(std::size_t rule) const noexcept {
        return last_[rule].time != no_time;
    }
    [[nodiscard]] std::int64_t last(std::size_t rule) const noexcept { return last_[rule].time; }
    /// The oldest of the newest hits; INT64_MAX when there is none.
    [[nodiscard]] std::int64_t oldest() const noexcept;

private:
    struct Entry {
        std::int64_t time = no_time;
        PackedRef ref;
    };
    std::vector<Entry> last_;  // by the rule's place
    std::size_t present_ = 0;
};

}  // namespace correlate
