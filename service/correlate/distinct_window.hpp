#pragma once

#include "correlate/window.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <vector>

namespace correlate {

/// Distinct values in a sliding span, each with its newest hit.
///
/// Values beyond `limit`, the first count that decides every bound, push out the one seen longest
/// ago: that cannot change what the bounds say. When the limit itself is above `exact_hits`, values
/// are sampled by their hash (Gibbons' distinct sampling): the estimate's standard error is 1.4 %
/// at worst.
class DistinctWindow final : public Window {
public:
    explicit DistinctWindow(std::size_t limit) noexcept : limit_(limit) {}

    void add(const Hit& hit, std::int64_t from) override;
    bool drop_oldest(std::int64_t from) override;
    [[nodiscard]] bool empty() const noexcept override { return size_ == 0; }
    [[nodiscard]] double value() const override;
    [[nodiscard]] bool exact() const noexcept override { return level_ == 0; }
    [[nodiscard]] std::int64_t newest() const noexcept override;
    [[nodiscard]] std::uint64_t weight() const noexcept override {
        return std::uint64_t{size_} << level_;
    }
    void sample(std::int64_t from, std::vector<RecordRef>& out) const override;
    [[nodiscard]] std::size_t bytes() const noexcept override;
    void save(Writer& out) const override;
    void load(Reader& in) override;

    [[nodiscard]] bool knows(std::uint64_t hash) const { return find(hash) != none; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// When the value seen longest ago was last seen. There must be one.
    [[nodiscard]] std::int64_t oldest() const noexcept { return nodes_[oldest_].time; }
    [[nodiscard]] PackedRef newest_ref() const noexcept { return nodes_[newest_].ref; }

private:
    static constexpr std::uint32_t none = 0xffffffff;
    struct Node {  // in a list from the value seen longest ago to the newest
        std::uint64_t hash = 0;
        std::int64_t time = 0;
        PackedRef ref;
        std::uint32_t older = none;
        std::uint32_t newer = none;
    };

    [[nodiscard]] bool sampled(std::uint64_t hash) const noexcept;
    [[nodiscard]] std::uint32_t find(std::uint64_t hash) const;
    void append(std::uint64_t hash, std::int64_t time, PackedRef ref);
    void unlink(std::uint32_t node);
    void erase(std::uint32_t node);
    void sample_harder();

    std::size_t limit_;
    std::vector<Node> nodes_;
    std::vector<std::uint32_t> free_;
    boost::unordered_flat_map<std::uint64_t, std::uint32_t> index_;  // once there are many
    std::uint32_t oldest_ = none;
    std::uint32_t newest_ = none;
    std::uint32_t size_ = 0;
    unsigned level_ = 0;  // values with this many low zero bits of hash are kept
};

}  // namespace correlate
