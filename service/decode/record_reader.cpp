#include "decode/record_reader.hpp"

#include "base/utf8.hpp"
#include "call/batch.hpp"

#include <cstring>

namespace decode {

RecordReader::RecordReader(const FormatModel& model, const PathTrie& trie, std::size_t cells,
                           const std::array<std::vector<Cell>, column_count>& columns,
                           const Limits& limits)
    : model_(model),
      column_cells_(columns),
      limits_(limits),
      parser_(limits.max_depth),
      walker_(trie, cells),
      line_walker_(trie, walker_, limits_) {}

std::optional<RejectCode> RecordReader::read(std::string_view line, std::size_t readable_behind,
                                             bool check) {
    notes_ = 0;
    if (line.size() > limits_.max_line_bytes) return RejectCode::line_too_long;
    if (model_.lines == FormatModel::Lines::access) return read_access(line);
    line_walked_ = line_walker_.walk(line);
    if (line_walked_) return {};
    auto code = parser_.parse(line, readable_behind);
    if (code == RejectCode::bad_json && model_.x_escapes) {
        code = parser_.parse_with_x_escapes(line);
        if (!code) notes_ |= call::note_escape_tolerated;
    }
    if (code) return code;
    if (parser_.tape().type(Tape::root) != '{') return RejectCode::not_an_object;
    if (check) {
        if (const auto bad = check_keys()) return bad;
    }
    walker_.walk(parser_.tape());
    return {};
}

std::optional<RejectCode> RecordReader::check_keys() const {
    if (line_walked_) return {};
    return decode::check_keys(parser_.tape(), limits_.max_keys);
}

std::optional<RejectCode> RecordReader::read_access(std::string_view line) {
    if (!base::utf8::valid(line)) return RejectCode::bad_utf8;
    const auto columns = read_access_line(line);
    if (!columns) return RejectCode::bad_line;
    columns_ = *columns;
    walker_.reset();
    for (std::size_t i = 0; i < column_count; ++i) {
        if (columns_[i].empty()) continue;
        for (const Cell cell : column_cells_[i]) walker_.put(cell, columns_[i]);
    }
    return {};
}

std::expected<RecordReader::Time, RejectCode> RecordReader::time(std::span<const Cell> cells,
                                                                 base::WallTime arrival) {
    for (const Cell cell : cells) {
        call::Value logged = walker_.cells()[cell];
        // Two spellings of the key in one record: the first counts.
        if (logged.kind() == call::Value::Kind::list && !logged.list().empty()) {
            logged = logged.list().front();
        }
        if (logged.absent() || logged.kind() == call::Value::Kind::null) continue;
        if (logged.is_text() && (logged.text().empty() || logged.text() == "-")) continue;
        const auto read = read_time(logged);
        if (!read) return std::unexpected(RejectCode::bad_timestamp);
        std::uint32_t notes = read->zone_assumed ? call::note_zone_assumed : 0u;
        // On the event's side, which is a year of four digits: the arrival may be the end of time.
        const auto skewed =
            base::micros(read->time) - std::chrono::microseconds(limits_.skew_future).count();
        if (skewed > base::micros(arrival)) notes |= call::note_future;
        return Time{.time = read->time, .notes = notes, .logged = logged};
    }
    if (!model_.time_may_miss) return std::unexpected(RejectCode::no_timestamp);
    return Time{.time = base::event_time(base::micros(arrival)),
                .notes = call::note_time_missing,
                .logged = {}};
}

/// Records come many to the second, and most logs write no more than that.
std::optional<ReadTime> RecordReader::read_time(const call::Value& value) {
    const std::string_view text = value.text_or_empty();
    if (text.empty() || text.size() > last_time_text_.size()) return decode::read_time(value);
    if (text == std::string_view(last_time_text_.data(), last_time_size_)) return last_time_;
    const auto read = decode::read_time(text);
    if (!read) return {};
    std::memcpy(last_time_text_.data(), text.data(), text.size());
    last_time_size_ = text.size();
    last_time_ = *read;
    return read;
}

}  // namespace decode
