#pragma once

#include "base/time.hpp"
#include "call/arena.hpp"
#include "call/names.hpp"
#include "call/value.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace call {

/// What was odd about a record, as bits: kept with the call, counted, shown in investigate.calls.
enum Note : std::uint32_t {
    note_zone_assumed = 1u << 0,  ///< The time had no zone; UTC was assumed.
    note_address_invalid =
        1u << 1,              ///< The source is no whole address: a name, masked, leading zeros.
    note_cut = 1u << 2,       ///< A field was longer than its cap and was cut.
    note_future = 1u << 3,    ///< Event time more than the allowed skew ahead of arrival.
    note_late = 1u << 4,      ///< Later than the source's lateness.
    note_scrubbed = 1u << 5,  ///< A secret was replaced by its keyed hash.
    note_resynchronised = 1u << 6,    ///< The record stood behind text that was no record.
    note_escape_tolerated = 1u << 7,  ///< \xNN inside a JSON string was taken as a byte.
    note_time_missing = 1u << 8,  ///< The record had no usable time; the arrival time stands in.
};

/// What every call has besides its slots.
struct Header {
    base::EventTime time;
    std::uint64_t id = 0;      ///< XXH3-64 of the record's bytes: ties in time are ordered by it.
    std::uint32_t record = 0;  ///< Index of the record within its block or file, from 0.
    std::uint32_t notes = 0;   ///< Note bits.
    std::string_view raw;      ///< The record's bytes, without secrets; lent by the batch.
};

class Batch;

/// One normalised call in a Batch. A view: two pointers, dies with the batch.
class Call {
public:
    [[nodiscard]] const Header& header() const noexcept { return *header_; }
    [[nodiscard]] base::EventTime time() const noexcept { return header_->time; }
    [[nodiscard]] const Value& at(Slot slot) const noexcept { return row_[slot]; }
    /// The value, or absent when nobody wanted the field.
    [[nodiscard]] Value get(Field field) const noexcept {
        const Slot slot = names_->slot(field);
        return slot == no_slot ? Value{} : row_[slot];
    }
    [[nodiscard]] const Names& names() const noexcept { return *names_; }

private:
    friend class Batch;
    Call(const Header* header, const Value* row, const Names* names) noexcept
        : header_(header), row_(row), names_(names) {}
    const Header* header_;
    const Value* row_;
    const Names* names_;
};

/// Calls and the bytes they point at, once per batch. Append while decoding and enriching, then
/// share as const. Moving keeps every view valid.
class Batch {
public:
    explicit Batch(std::shared_ptr<const Names> names);

    /// A new call with every slot absent. Valid until the next append.
    struct Row {
        Header& header;
        std::span<Value> values;
    };
    Row append();
    /// Takes the last appended call back.
    void drop_last() noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return headers_.size(); }
    [[nodiscard]] Call operator[](std::size_t i) const noexcept {
        return {&headers_[i], &values_[i * width_], names_.get()};
    }
    /// For enrichment: the row of a call already appended.
    [[nodiscard]] Row row(std::size_t i) noexcept {
        return {headers_[i], {&values_[i * width_], width_}};
    }
    [[nodiscard]] const Names& names() const noexcept { return *names_; }

    /// Copies the text into the batch and lends it for the batch's life.
    [[nodiscard]] std::string_view keep(std::string_view text) { return texts_.keep(text); }
    /// Room for `size` characters that live as long as the batch.
    [[nodiscard]] std::span<char> keep_room(std::size_t size) { return texts_.room(size); }
    [[nodiscard]] std::span<const Value> keep(std::span<const Value> elements);
    /// Keeps the owner of bytes that calls point at (a reference table, a decompressed body) alive.
    void keep(std::shared_ptr<const void> owner) { owners_.push_back(std::move(owner)); }

    /// Forgets the calls and keeps the memory, for the next batch of the same worker.
    void clear() noexcept;

private:
    std::shared_ptr<const Names> names_;
    std::size_t width_;
    std::vector<Header> headers_;
    std::vector<Value> values_;  // row after row, width_ each
    Arena texts_;
    std::vector<std::shared_ptr<const void>> owners_;
};

}  // namespace call
