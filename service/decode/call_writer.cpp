#include "decode/call_writer.hpp"

#include "base/digest.hpp"

#include <algorithm>

namespace decode {

namespace {

std::uint64_t size_bit(std::size_t size) {
    return std::uint64_t{1} << (size < 63 ? size : 63);
}

}  // namespace

CallWriter::CallWriter(const FormatModel& model, const Plan& plan) : model_(model), plan_(plan) {
    for (const std::string& unknown : model.unknown) unknown_sizes_ |= size_bit(unknown.size());
}

void CallWriter::write(std::span<const Value> cells, const Value& logged_time, call::Batch::Row row,
                       TextRoom& room) {
    for (const Plan::Raw& raw : plan_.raw) {
        room.keep(cells.data()[raw.cell], row.values.data()[raw.slot]);
    }
    steps_.clear();
    for (const Plan::Plain& field : plan_.plain) {
        const Value& value = cells.data()[field.cell];
        Value& out = row.values.data()[field.slot];
        if (value.is_text() && value.text().size() <= field.cap && known(value.text())) {
            out = Value::of(room.keep(value.text()));
        } else if (!field.only || !value.absent()) {
            mapped(plan_.mapped[field.mapped], cells, row.header, room, out);
        }
    }
    for (const std::uint32_t index : plan_.other) {
        const Plan::Mapped& slot = plan_.mapped[index];
        Value& out = row.values.data()[slot.slot];
        if (slot.field == call::Field::time) {
            room.keep(logged_time, out);
        } else {
            mapped(slot, cells, row.header, room, out);
        }
    }
    if (steps_.met_bad_address()) row.header.notes |= call::note_address_invalid;
}

std::string_view CallWriter::only_text(std::span<const Value> cells) {
    if (!plan_.raw.empty()) return cells[plan_.raw.front().cell].text_or_empty();
    steps_.clear();
    const Plan::Mapped& wanted = plan_.mapped.front();
    for (const Plan::Source& candidate : wanted.sources) {
        Value value;
        if (source(candidate, cells, false, value) && shaped(wanted.kind, value))
            return value.text_or_empty();
    }
    return {};
}

void CallWriter::mapped(const Plan::Mapped& slot, std::span<const Value> cells,
                        call::Header& header, TextRoom& room, Value& out) {
    const bool list = slot.kind == FieldKind::texts;
    for (const Plan::Source& candidate : slot.sources) {
        Value value;
        if (source(candidate, cells, list, value) && shaped(slot.kind, value)) {
            kept(slot.cap, value, header, room, out);
            return;
        }
    }
}

/// The value of one alternative; false when it has none.
bool CallWriter::source(const Plan::Source& candidate, std::span<const Value> cells, bool list,
                        Value& out) {
    if (!candidate.when.empty() && !holds(candidate.when, cells)) return false;
    const Alternative& alternative = *candidate.alternative;
    if (!candidate.constant.absent()) {
        out = candidate.constant;
        return true;
    }
    if (candidate.cells.size() == 1) {
        out = cells[candidate.cells.front()];
        if (out.absent()) return false;
        if (out.kind() == Value::Kind::list && !list) {
            const auto first =
                std::ranges::find_if(out.list(), [&](const Value& v) { return known(v); });
            if (first == out.list().end()) return false;
            out = *first;
        }
        if (out.kind() != Value::Kind::list && !known(out)) return false;
    } else if (!join(candidate, cells, out)) {
        return false;
    }
    return alternative.steps.empty() || steps_.run(alternative.steps, out);
}

bool CallWriter::known(const Value& value) const {
    switch (value.kind()) {
        case Value::Kind::absent:
        case Value::Kind::null:
        case Value::Kind::object:
        case Value::Kind::list:
            return false;
        case Value::Kind::text:
            return known(value.text());
        default:
            return true;
    }
}

bool CallWriter::known(std::string_view text) const {
    if ((unknown_sizes_ & size_bit(text.size())) == 0) [[likely]]
        return true;
    return std::ranges::find(model_.unknown, text) == model_.unknown.end();
}

bool CallWriter::join(const Plan::Source& candidate, std::span<const Value> cells, Value& out) {
    std::string joined;
    for (const Cell cell : candidate.cells) {
        if (!known(cells[cell])) return false;
        if (cell != candidate.cells.front()) joined += candidate.alternative->with;
        joined += steps_.text_of(cells[cell]);
    }
    out = Value::of(steps_.hold(std::move(joined)));
    return true;
}

/// Makes the value what the field holds; false when it cannot be that.
bool CallWriter::shaped(FieldKind kind, Value& value) {
    switch (kind) {
        case FieldKind::text:
            if (!value.is_text()) value = Value::of(steps_.text_of(value));
            return true;
        case FieldKind::texts:
            return true;
        case FieldKind::integer:
            return to_number(value, value) && value.kind() != Value::Kind::real;
        case FieldKind::number:
            return to_number(value, value);
        case FieldKind::boolean:
            if (value.kind() == Value::Kind::boolean) return true;
            if (value.text_or_empty() != "true" && value.text_or_empty() != "false") return false;
            value = Value::of(value.text() == "true");
            return true;
    }
    return false;
}

void CallWriter::kept(std::size_t cap, const Value& value, call::Header& header, TextRoom& room,
                      Value& out) {
    if (value.is_text()) {
        const std::string_view text = value.text();
        if (text.size() <= cap) [[likely]] {
            out = Value::of(room.keep(text));
        } else {
            out = cut_text(cap, text, header, room);
        }
        return;
    }
    if (value.kind() == Value::Kind::integer) {
        out = Value::of(value.integer());  // See Walker::put.
        return;
    }
    if (value.kind() != Value::Kind::list) {
        out = value;
        return;
    }
    elements_.clear();
    for (const Value& element : value.list()) {
        if (!element.is_text() || !known(element)) continue;
        elements_.emplace_back();
        kept(cap, element, header, room, elements_.back());
    }
    if (elements_.empty()) return;
    out = elements_.size() == 1 ? elements_.front() : room.keep_elements(elements_);
}

call::Value CallWriter::cut_text(std::size_t cap, std::string_view text, call::Header& header,
                                 TextRoom& room) {
    header.notes |= call::note_cut;
    std::size_t size = cap - 17;
    while (size > 0 && (text[size] & 0xc0) == 0x80) --size;
    const auto digest = base::sha256(text);
    std::string cut(text.substr(0, size));
    cut += '~';
    cut += base::hex(std::span(digest).first(8));
    return Value::of(room.keep(cut));
}

}  // namespace decode
