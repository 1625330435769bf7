#pragma once

#include "call/memo.hpp"
#include "rollup/rows.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace rollup {

/// What a row of any grain may be about; each grain uses its part.
struct Identity {
    std::string_view tenant{};
    std::string_view key{};
    std::string_view service{};
    std::string_view operation{};
    std::string_view origin{};
    std::string_view source{};
    base::EventTime time{};
};

// For each grain: its identity, the identity of its bucket for the rest, and how rows are added.
[[nodiscard]] Identity identity(const KeyMinute& row) noexcept;
[[nodiscard]] Identity identity(const KeyOperationHour& row) noexcept;
[[nodiscard]] Identity identity(const KeyOriginHour& row) noexcept;
[[nodiscard]] Identity identity(const TenantOperationHour& row) noexcept;
[[nodiscard]] Identity identity(const CoverageMinute& row) noexcept;
void name_row(KeyMinute& row, const Identity& id);
void name_row(KeyOperationHour& row, const Identity& id);
void name_row(KeyOriginHour& row, const Identity& id);
void name_row(TenantOperationHour& row, const Identity& id);
void name_row(CoverageMinute& row, const Identity& id);
void add_row(KeyMinute& row, const KeyMinute& more);
void add_row(KeyOperationHour& row, const KeyOperationHour& more);
void add_row(KeyOriginHour& row, const KeyOriginHour& more);
void add_row(TenantOperationHour& row, const TenantOperationHour& more);
void add_row(CoverageMinute& row, const CoverageMinute& more);
[[nodiscard]] std::uint64_t calls(const CoverageMinute& row) noexcept;
template <class Row>
[[nodiscard]] std::uint64_t calls(const Row& row) noexcept {
    return row.sums.calls;
}

/// XXH3-64 of an origin token, as KeyMinute keeps it.
[[nodiscard]] std::uint64_t origin_hash(std::string_view origin) noexcept;
/// Adds to the small exact set of distinct origins.
void add_origin(KeyMinute& row, std::uint64_t hash);

/// The rows of one grain by their identity, no more than a bound.
template <class Row>
class Grain {
public:
    static constexpr std::size_t max_other = 1'024;

    Grain(std::uint64_t seed, std::size_t max_rows)
        : rows_(seed), other_(seed), max_rows_(max_rows) {}

    /// The row of the identity, made when it is new. When there is no room for it, the row of the
    /// rest at its time, or once there are too many of those the one at the epoch; `overflowed` is
    /// then set. Stays where it is until `take`.
    Row& at(const Identity& id, bool& overflowed) {
        if (is_rest(id)) return rest_row(id);  // a key of that very name, or a merge
        if (Row* found = find_or_add(rows_, id, max_rows_)) return *found;
        overflowed = true;
        return rest_row(rest_of(id));
    }

    /// Adds the rows of another, which is then empty. Calls that found no room count.
    void merge(Grain& from, std::uint64_t& overflowed) {
        for (Row& row : from.take()) {
            const Identity id = identity(row);
            bool full = false;
            Row& into = at(id, full);
            if (full) overflowed += calls(row);
            add_row(into, row);
        }
    }

    /// All rows, ascending by identity; empty afterwards.
    [[nodiscard]] std::vector<Row> take();

    [[nodiscard]] std::size_t size() const noexcept { return rows_.size() + other_.size(); }

private:
    static Row* find_or_add(call::Memo<Row>& rows, const Identity& id, std::size_t bound);
    static Identity rest_of(const Identity& id) noexcept;
    static bool is_rest(const Identity& id) noexcept;
    Row& rest_row(Identity id) {
        if (Row* found = find_or_add(other_, id, max_other)) return *found;
        id.time = base::event_time(0);
        return *find_or_add(other_, id, max_other + 1);
    }

    call::Memo<Row> rows_;
    call::Memo<Row> other_;
    std::size_t max_rows_;
};

extern template class Grain<KeyMinute>;
extern template class Grain<KeyOperationHour>;
extern template class Grain<KeyOriginHour>;
extern template class Grain<TenantOperationHour>;
extern template class Grain<CoverageMinute>;

}  // namespace rollup
