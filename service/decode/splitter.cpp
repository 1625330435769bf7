#include "decode/splitter.hpp"

#include "base/ascii.hpp"
#include "base/digest.hpp"
#include "decode/raw_json.hpp"
#include "decode/sample.hpp"

#include <algorithm>

namespace decode {
namespace {

namespace ascii = base::ascii;

bool opens(std::string_view text) {
    return !text.empty() && (text.front() == '{' || text.front() == '[');
}

std::uint32_t line_ends(std::string_view text) {
    return static_cast<std::uint32_t>(std::ranges::count(text, '\n'));
}

/// Whether what stands in an envelope's cell is what the envelope says.
bool fits(Unwrap::Kind kind, const call::Value& value) {
    using Kind = call::Value::Kind;
    switch (kind) {
        case Unwrap::Kind::list:
            return value.kind() == Kind::list || value.kind() == Kind::object;
        case Unwrap::Kind::object:
            return value.kind() == Kind::object;
        case Unwrap::Kind::json:
        case Unwrap::Kind::base64:
            return value.is_text() && !value.text().empty();
    }
    return false;
}

}  // namespace

std::optional<ContainerLine> container_line(std::string_view line) {
    // 2025-12-31T17:37:40.493035218+01:00 stdout F payload
    const std::size_t stream = line.find(' ');
    if (line.empty() || line[0] < '0' || line[0] > '9' || stream < 20 || stream > 40) return {};
    std::string_view rest = line.substr(stream + 1);
    if (!rest.starts_with("stdout ") && !rest.starts_with("stderr ")) return {};
    rest.remove_prefix(7);
    if (rest.size() < 2 || (rest[0] != 'F' && rest[0] != 'P') || rest[1] != ' ') return {};
    return ContainerLine{.payload = rest.substr(2), .partial = rest[0] == 'P'};
}

/// The payload of a container line, once it is whole; empty while parts are missing.
std::string_view Splitter::joined(std::string_view line) {
    const auto container = container_line(line);
    if (!container) return line;
    if (partial_.size() + container->payload.size() > limits_.max_line_bytes) {
        refuse(line, RejectCode::line_too_long);
        partial_.clear();
        return {};
    }
    if (!container->partial && partial_.empty()) return container->payload;
    partial_ += container->payload;
    if (container->partial) return {};
    whole_ = std::move(partial_);
    partial_.clear();
    return whole_;
}

bool Splitter::json(std::string_view body) {
    bool whole = true;
    plan_.reader->begin(body);
    for (std::size_t at = 0; at < body.size();) {
        const std::size_t end = std::min(body.find('\n', at), body.size());
        std::string_view line = ascii::trimmed(body.substr(at, end - at), ascii::is_space);
        const std::size_t next = end + 1;
        if (!opens(line) && !line.empty()) line = ascii::trimmed(joined(line), ascii::is_space);
        if (line.empty()) {
            at = next;
            ++line_;
            continue;
        }
        const bool in_body = line.data() >= body.data() && line.data() < body.data() + body.size();
        const std::size_t start =
            in_body ? static_cast<std::size_t>(line.data() - body.data()) : at;
        std::size_t stop = next;
        if (in_body && line.front() == '[') {
            const std::uint32_t first = line_;
            std::size_t last = start;
            const auto close = RawJson(body).each_element(start, [&](std::size_t a, std::size_t b) {
                line_ += line_ends(body.substr(last, a - last));
                last = a;
                if (document(body.substr(a, b - a), body.size() - b, 1) == Outcome::broken) {
                    refuse(body.substr(a, b - a), RejectCode::bad_json);
                }
            });
            line_ = first;
            if (close) {
                stop = *close;
            } else {
                whole = false;
                line_ += line_ends(body.substr(start, last - start));
                refuse(body.substr(last), RejectCode::bad_json);
                line_ = first;
                stop = std::min(body.find('\n', last), body.size());
            }
        } else {
            const std::size_t behind = in_body ? body.size() - start - line.size() : 0;
            if (document(line, behind, 0) == Outcome::broken) {
                std::size_t several = start;
                if (in_body && several_lines(body, several)) {
                    stop = several;
                } else {
                    whole = false;
                    refuse(line, RejectCode::bad_json);
                }
            }
        }
        stop = std::min(stop, body.size());
        line_ += stop == next ? 1 : line_ends(body.substr(at, stop - at));
        at = stop;
    }
    if (!partial_.empty()) refuse(partial_, RejectCode::bad_json);
    return whole;
}

/// A record that goes over several lines, starting at `at`, which is then moved behind it.
bool Splitter::several_lines(std::string_view body, std::size_t& at) {
    // What is scanned in vain is bounded, or many open brackets would cost the square of the body.
    if (wasted_ > body.size()) return false;
    const std::size_t most = wasted_ == 0 ? body.size() - at : limits_.max_line_bytes;
    const auto end = RawJson(body).skip_value(at, most);
    if (!end) {
        wasted_ += std::min(most, body.size() - at);
        return false;
    }
    const std::string_view text = body.substr(at, *end - at);
    if (text.find('\n') == std::string_view::npos) return false;
    if (document(text, body.size() - *end, 0) == Outcome::broken) {
        wasted_ += text.size();
        return false;
    }
    at = *end;
    return true;
}

void Splitter::lines(std::string_view body) {
    for (std::size_t at = 0; at < body.size(); ++line_) {
        const std::size_t end = std::min(body.find('\n', at), body.size());
        std::string_view line = ascii::trimmed(body.substr(at, end - at), ascii::is_space);
        at = end + 1;
        if (!line.empty()) line = ascii::trimmed(joined(line), ascii::is_space);
        if (line.empty()) continue;
        if (const auto code = plan_.reader->read(line, 0, true)) {
            refuse(line, *code);
        } else {
            record(line);
        }
    }
}

void Splitter::unknown(std::string_view body) {
    for (std::size_t at = 0; at < body.size(); ++line_) {
        const std::size_t end = std::min(body.find('\n', at), body.size());
        const std::string_view line = ascii::trimmed(body.substr(at, end - at), ascii::is_space);
        at = end + 1;
        if (!line.empty()) refuse(line, RejectCode::unknown_format);
    }
}

Splitter::Outcome Splitter::document(std::string_view text, std::size_t readable_behind,
                                     int depth) {
    if (text.size() > limits_.max_line_bytes) return too_long(text, depth);
    const auto code = plan_.reader->read(text, readable_behind, false);
    if (code == RejectCode::bad_json) return Outcome::broken;
    if (code == RejectCode::not_an_object && text.front() == '[' && depth < max_envelopes) {
        return elements(text, 0, depth);
    }
    if (code) {
        refuse(text, *code);
        return Outcome::done;
    }
    const auto cells = plan_.reader->cells();
    for (const CellConditions& conditions : plan_.set_aside) {
        if (holds(conditions, cells)) {
            refuse(text, RejectCode::not_a_record);
            return Outcome::done;
        }
    }
    if (const auto outcome = unwrapped(text, depth)) return *outcome;
    if (const auto bad = plan_.reader->check_keys()) {
        refuse(text, *bad);
        return Outcome::done;
    }
    record(text);
    return Outcome::done;
}

/// Takes the record just read out of its envelope; nothing when it has none.
std::optional<Splitter::Outcome> Splitter::unwrapped(std::string_view text, int depth) {
    const auto cells = plan_.reader->cells();
    for (const GatePlan::Envelope& envelope : plan_.envelopes) {
        const call::Value& value = cells[envelope.cell];
        if (value.absent() || !fits(envelope.unwrap->kind, value)) continue;
        if (!holds(envelope.when, cells)) continue;
        if (depth >= max_envelopes) {
            refuse(text, RejectCode::too_deep);
            return Outcome::done;
        }
        if (value.is_text()) {
            return unwrap_text(*envelope.unwrap, std::string(value.text()), text, depth);
        }
        const RawJson raw(text);
        const auto at = raw.member(raw.skip_blanks(0), envelope.unwrap->path);
        if (!at) continue;  // The key is written with escapes, which no sender of envelopes does.
        if (envelope.unwrap->kind == Unwrap::Kind::list) {
            if (text[*at] != '[') continue;
            return elements(text, *at, depth);
        }
        const auto end = raw.skip_value(*at, text.size());
        return document(text.substr(*at, *end - *at), text.size() - *end, depth + 1);
    }
    return {};
}

Splitter::Outcome Splitter::unwrap_text(const Unwrap& unwrap, std::string content,
                                        std::string_view around, int depth) {
    if (unwrap.kind == Unwrap::Kind::base64) {
        std::string bytes;
        if (!base::from_base64(content, bytes)) {
            refuse(around, RejectCode::not_a_record);
            return Outcome::done;
        }
        content = std::move(bytes);
    }
    const std::string_view text = ascii::trimmed(content, ascii::is_space);
    const std::uint32_t line = line_;
    if (!opens(text) || document(text, 0, depth + 1) == Outcome::broken) {
        refuse(around, RejectCode::not_a_record);
    }
    line_ = line;
    return Outcome::done;
}

Splitter::Outcome Splitter::elements(std::string_view text, std::size_t array_at, int depth) {
    const std::uint32_t first = line_;
    std::size_t last = 0;
    const auto end = RawJson(text).each_element(array_at, [&](std::size_t a, std::size_t b) {
        line_ += line_ends(text.substr(last, a - last));
        last = a;
        const std::string_view element = text.substr(a, b - a);
        if (document(element, text.size() - b, depth + 1) == Outcome::broken) {
            refuse(element, RejectCode::bad_json);
        }
    });
    if (!end) {
        line_ += line_ends(text.substr(last));
        refuse(text.substr(last), RejectCode::bad_json);
    }
    line_ = first;
    return Outcome::done;
}

/// More than a record may have: an envelope around many, or too much.
Splitter::Outcome Splitter::too_long(std::string_view text, int depth) {
    const RawJson raw(text);
    const auto there = [&](const Condition& condition) {
        return raw.member(0, condition.path).has_value() ==
               (condition.kind != Condition::Kind::absent);
    };
    for (const GatePlan::Envelope& envelope : plan_.envelopes) {
        const Unwrap& unwrap = *envelope.unwrap;
        if (depth >= max_envelopes || !std::ranges::all_of(unwrap.when, there)) continue;
        const auto at = raw.member(0, unwrap.path);
        if (!at || *at >= text.size()) continue;
        if (unwrap.kind == Unwrap::Kind::list && text[*at] == '[')
            return elements(text, *at, depth);
        if (unwrap.kind == Unwrap::Kind::object && text[*at] == '{') {
            const auto end = raw.skip_value(*at, text.size());
            if (end) return document(text.substr(*at, *end - *at), text.size() - *end, depth + 1);
        }
    }
    refuse(text, RejectCode::line_too_long);
    return Outcome::done;
}

/// The record just read, which stands in `text`, is one: its time decides.
void Splitter::record(std::string_view text) {
    const auto time = plan_.reader->time(plan_.time, arrival_);
    if (time) {
        emit(text);
    } else {
        refuse(text, time.error());
    }
}

void Splitter::emit(std::string_view text) {
    std::string compact;
    if (text.find('\n') != std::string_view::npos) {
        JsonParser::minify(text, compact);
        text = compact;
    }
    const Scrubber::Names names{.keep = plan_.model.keep, .hash = plan_.model.hash};
    const std::size_t before = out_.lines.size();
    const bool changed = scrubber_.scrub(text, names, out_.lines);
    if (changed) {
        // A record stays readable without its secrets; if ours made it unreadable, it is not kept.
        const std::string line = out_.lines.substr(before);
        if (const auto code = plan_.reader->read(line, 0, false)) {
            out_.lines.resize(before);
            refuse(line, *code);
            return;
        }
    }
    out_.lines += '\n';
    out_.ids.push_back(plan_.event_id());
    ++out_.records;
}

void Splitter::refuse(std::string_view text, RejectCode code) {
    out_.rejects.push_back({.line = line_, .code = code, .sample = sample_of(text, scrubber_)});
}

}  // namespace decode
