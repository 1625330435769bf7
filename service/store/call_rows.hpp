#pragma once

#include "call/batch.hpp"
#include "call/names.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace store {

/// Calls on their way into the table `calls`, already in the text that COPY reads: one buffer for a
/// whole batch, because at 100,000 calls a second a string per column is what costs.
class CallRows {
public:
    /// Asks for the fields that have a column.
    static void want(call::Names& names);

    /// What a call does not know itself.
    struct Context {
        std::string_view source;
        std::uint64_t block = 0;                 ///< Journal LSN of its block.
        std::int64_t received_micros = 0;        ///< Arrival of the block.
        std::span<const std::string> matched{};  ///< Ids of the policies it matched.
        bool with_raw = false;                   ///< Keep the record's bytes beside the columns.
        std::string_view format{};               ///< Name of the format that read it.
    };
    void add(const call::Call& call, const Context& context);

    [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }
    [[nodiscard]] bool empty() const noexcept { return ends_.empty(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return text_.size(); }
    /// Row `i` as COPY text without its line end.
    [[nodiscard]] std::string_view row(std::size_t i) const noexcept;
    /// Rows [begin, end) with line ends between them.
    [[nodiscard]] std::string_view rows(std::size_t begin, std::size_t end) const noexcept;
    /// Mondays (days since 1970-01-01) of the weeks the calls fall in; ascending, no repeats.
    [[nodiscard]] const std::vector<std::int64_t>& weeks() const noexcept { return weeks_; }
    void merge(CallRows&& other);
    void clear() noexcept;

private:
    std::string text_;
    std::vector<std::size_t> ends_;  // of each row, before its line end
    std::vector<std::int64_t> weeks_;
};

}  // namespace store
