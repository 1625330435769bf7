#include "decode/decoder.hpp"

#include "base/assert.hpp"
#include "decode/call_writer.hpp"
#include "decode/format_model.hpp"
#include "decode/plan.hpp"
#include "decode/record_reader.hpp"
#include "decode/sample.hpp"

#include <xxhash.h>

#include <cstring>

namespace decode {
namespace {

/// The records among the lines, without line ends; blank lines come as empty views.
template <class Function>
void each_line(std::string_view lines, Function&& function) {
    while (!lines.empty()) {
        const auto* end = static_cast<const char*>(std::memchr(lines.data(), '\n', lines.size()));
        const std::size_t size =
            end == nullptr ? lines.size() : static_cast<std::size_t>(end - lines.data());
        std::string_view line = lines.substr(0, size);
        if (line.ends_with('\r')) line.remove_suffix(1);
        function(line, lines.size() - line.size());
        lines.remove_prefix(end == nullptr ? size : size + 1);
    }
}

bool blank(std::string_view line) {
    return line.find_first_not_of(" \t") == std::string_view::npos;
}

}  // namespace

struct Decoder::State {
    State(const Format& from, std::shared_ptr<const call::Names> wanted, const Options& chosen)
        : format(from),
          names(std::move(wanted)),
          options(chosen),
          plan(Plan::make(from.model(), *names)),
          reader(from.model(), plan.trie, plan.cells, plan.columns, chosen.limits),
          writer(from.model(), plan) {}

    void record(std::string_view line, std::size_t readable_behind, std::uint32_t index,
                base::WallTime arrival, call::Batch& out, TextRoom& room,
                std::vector<Reject>& rejects);
    call::Value all_values(call::Batch& out, TextRoom& room);
    void collect(const Tape& tape, std::size_t at, TextRoom& room);

    const Format& format;
    std::shared_ptr<const call::Names> names;
    Options options;
    Plan plan;
    RecordReader reader;
    CallWriter writer;
    Scrubber sample_scrubber;
    std::vector<call::Value> leaves;
};

void Decoder::State::record(std::string_view line, std::size_t readable_behind, std::uint32_t index,
                            base::WallTime arrival, call::Batch& out, TextRoom& room,
                            std::vector<Reject>& rejects) {
    const auto refuse = [&](RejectCode code) {
        rejects.push_back(
            {.line = index + 1, .code = code, .sample = sample_of(line, sample_scrubber)});
    };
    if (const auto code = reader.read(line, readable_behind, options.ungated)) return refuse(*code);
    const auto time = reader.time(plan.time, arrival);
    if (!time) return refuse(time.error());
    const auto row = out.append();
    row.header.time = time->time;
    row.header.id = XXH3_64bits(line.data(), line.size());
    row.header.record = index;
    row.header.notes = time->notes | reader.notes();
    row.header.raw = line;
    if (has_scrubbed(line)) row.header.notes |= call::note_scrubbed;
    writer.write(reader.cells(), time->logged, row, room);
    if (plan.all_values != call::no_slot) row.values[plan.all_values] = all_values(out, room);
}

call::Value Decoder::State::all_values(call::Batch& out, TextRoom& room) {
    leaves.clear();
    if (format.model().lines == FormatModel::Lines::json) {
        collect(reader.tape(), Tape::root, room);
    } else {
        for (const std::string_view column : reader.columns()) {
            if (!column.empty()) leaves.push_back(call::Value::of(room.keep(column)));
        }
    }
    return call::Value::of(out.keep(std::span<const call::Value>(leaves)));
}

void Decoder::State::collect(const Tape& tape, std::size_t at, TextRoom& room) {
    const char type = tape.type(at);
    if (type == '{' || type == '[') {
        const std::size_t end = tape.close(at);
        for (std::size_t i = at + 1; i < end; i = tape.next(i)) {
            if (type == '{') ++i;  // Behind the key.
            collect(tape, i, room);
        }
    } else if (type != 'n') {
        leaves.push_back(room.keep(scalar(tape, at)));
    }
}

Decoder::Decoder(const Format& format, std::shared_ptr<const call::Names> names, Options options) {
    BASE_ASSERT(!format.is_auto());
    BASE_ASSERT(within_range(options.limits));
    state_ = std::make_unique<State>(format, std::move(names), options);
}

Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;

void Decoder::decode(std::string_view lines, std::uint32_t first_record, base::WallTime arrival,
                     call::Batch& out, std::vector<Reject>& rejects) {
    TextRoom room(out, lines);
    // All values are collected from tapes.
    if (state_->plan.all_values == call::no_slot) state_->reader.begin(lines);
    std::uint32_t index = first_record;
    each_line(lines, [&](std::string_view line, std::size_t readable_behind) {
        if (!blank(line)) {
            state_->record(line, readable_behind, index, arrival, out, room, rejects);
        }
        ++index;
    });
}

}  // namespace decode
