#pragma once

#include "call/batch.hpp"
#include "decode/plan.hpp"
#include "decode/steps.hpp"
#include "decode/text_room.hpp"

#include <span>

namespace decode {

/// Fills the row of a call from the cells of a record, as a Plan says.
class CallWriter {
public:
    /// Borrows both.
    CallWriter(const FormatModel& model, const Plan& plan);

    /// `logged_time` is the time as it stood in the record.
    void write(std::span<const call::Value> cells, const call::Value& logged_time,
               call::Batch::Row row, TextRoom& room);

    /// The whole text of the one name that the plan wants, for plans of a single name; lent until
    /// the next call, empty when the record has none.
    std::string_view only_text(std::span<const call::Value> cells);

private:
    using Value = call::Value;

    void mapped(const Plan::Mapped& mapped, std::span<const Value> cells, call::Header& header,
                TextRoom& room, Value& out);
    bool source(const Plan::Source& source, std::span<const Value> cells, bool list, Value& out);
    bool known(const Value& value) const;
    bool known(std::string_view text) const;
    bool join(const Plan::Source& source, std::span<const Value> cells, Value& out);
    bool shaped(FieldKind kind, Value& value);
    void kept(std::size_t cap, const Value& value, call::Header& header, TextRoom& room,
              Value& out);
    static Value cut_text(std::size_t cap, std::string_view text, call::Header& header,
                          TextRoom& room);

    const FormatModel& model_;
    const Plan& plan_;
    std::uint64_t unknown_sizes_ = 0;  // bit n: some unknown text has n bytes; the last for more
    StepRunner steps_;
    std::vector<Value> elements_;
};

}  // namespace decode
