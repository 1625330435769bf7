#pragma once

#include "call/arena.hpp"
#include "rollup/activity.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <ranges>
#include <span>
#include <string_view>
#include <vector>

namespace rollup {

/// Rows of activity in the order in which they were first met, with their texts. A batch has tens
/// of thousands and three batches are alive at once, so a row is kept in two cache lines and its
/// texts; an Activity is made of it when it is read.
class Activities {
public:
    Activities() = default;
    Activities(std::initializer_list<Activity> rows) : Activities(std::span(rows)) {}
    explicit Activities(std::span<const Activity> rows) {
        for (const Activity& row : rows) push_back(row);
    }

    /// Copies the texts.
    void push_back(const Activity& row);

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// Its texts live as long as these rows.
    [[nodiscard]] Activity operator[](std::size_t i) const noexcept;
    /// Rows [begin, end).
    [[nodiscard]] auto some(std::size_t begin, std::size_t end) const noexcept {
        return std::views::iota(begin, end) |
               std::views::transform([this](std::size_t i) { return (*this)[i]; });
    }
    /// Memory that is taken.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return chunks_.size() * chunk_rows * sizeof(Row) + texts_.bytes();
    }

private:
    friend class Rollup;

    struct Row {
        // Both are texts behind their lengths, as call::Joined writes them.
        const char* about = nullptr;  // tenant, key, service, operation, origin, minute
        const char* example =
            nullptr;  // address, as_name, country, client_family, client_version, client_app
        Sums sums;
        base::EventTime first_seen;
        base::EventTime last_seen;
        std::uint64_t origin_hash = 0;
        std::int64_t asn = 0;
        std::uint64_t record_id = 0;
    };
    static_assert(sizeof(Row) == 128);
    // Chunks of one size, for the reason that call::Arena has them.
    static constexpr std::size_t chunk_rows = 512;

    [[nodiscard]] Row& row(std::size_t i) noexcept {
        return chunks_[i / chunk_rows][i % chunk_rows];
    }
    [[nodiscard]] const Row& row(std::size_t i) const noexcept {
        return chunks_[i / chunk_rows][i % chunk_rows];
    }
    /// A new row about what is joined there, the minute as its 8 bytes.
    Row& add(std::string_view about);

    std::vector<std::vector<Row>> chunks_;
    std::size_t size_ = 0;
    call::Arena texts_;
};

}  // namespace rollup
