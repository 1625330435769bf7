#pragma once

#include "call/names.hpp"
#include "call/value.hpp"
#include "decode/access_line.hpp"
#include "decode/field_rules.hpp"
#include "decode/format_model.hpp"
#include "decode/path_trie.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace decode {

/// A condition whose path has a cell.
struct CellCondition {
    Cell cell = 0;
    const Condition* condition = nullptr;
};
using CellConditions = std::vector<CellCondition>;

/// True when all hold for the cells of a record.
[[nodiscard]] bool holds(const CellConditions& conditions, std::span<const call::Value> cells);

/// Gives each wanted path a cell, once.
class PathCells {
public:
    explicit PathCells(const FormatModel& model) : model_(model) {}

    /// The path as it stands: for names of policies.
    Cell exact(std::string_view path);
    /// The path in each of the format's spellings: for mappings.
    Cell spelled(std::string_view path);
    CellConditions spelled(const Conditions& conditions);

    /// Builds the trie and, for access lines, the cells of each column.
    void finish(PathTrie& trie, std::array<std::vector<Cell>, column_count>& columns) const;
    [[nodiscard]] std::size_t count() const noexcept { return next_; }

private:
    const FormatModel& model_;
    std::map<std::string, Cell, std::less<>> exact_;
    std::map<std::string, Cell, std::less<>> spelled_;
    Cell next_ = 0;
};

/// What is taken out of the records of one format for one set of names.
struct Plan {
    struct Raw {
        call::Slot slot = 0;
        Cell cell = 0;
    };
    struct Source {
        std::vector<Cell> cells;
        const Alternative* alternative = nullptr;
        CellConditions when;
        call::Value constant;  // absent where it is found in the record; borrows from the format
    };
    struct Mapped {
        call::Slot slot = 0;
        call::Field field{};
        FieldKind kind = FieldKind::text;
        std::size_t cap = 0;  // longest text in bytes
        std::vector<Source> sources;
    };
    /// A mapped field whose first source is one path, without steps or conditions: in nearly all
    /// records a text that is taken as it stands.
    struct Plain {
        call::Slot slot = 0;
        Cell cell = 0;
        std::uint32_t cap = 0;
        std::uint32_t mapped = 0;  // where it is in `mapped`, for all other cases
        bool only = false;         // there is no other source
    };

    PathTrie trie;
    std::size_t cells = 0;
    std::array<std::vector<Cell>, column_count> columns;
    std::vector<Cell> time;
    std::vector<Raw> raw;
    std::vector<Mapped> mapped;
    std::vector<Plain> plain;
    std::vector<std::uint32_t> other;  // of `mapped`, what is not in `plain`
    call::Slot all_values = call::no_slot;

    static Plan make(const FormatModel& model, const call::Names& names);
    /// Adds what fills the names, its cells from `paths`; the trie and the time are the caller's.
    void want(const FormatModel& model, const call::Names& names, PathCells& paths);

private:
    void sort_out_plain();
};

}  // namespace decode
