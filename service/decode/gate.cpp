#include "decode/gate.hpp"

#include "base/assert.hpp"
#include "decode/detector.hpp"
#include "decode/gate_plan.hpp"
#include "decode/otlp.hpp"
#include "decode/raw_json.hpp"
#include "decode/sample.hpp"
#include "decode/splitter.hpp"

#include <xxhash.h>

#include <algorithm>
#include <map>

namespace decode {
namespace {

/// Why a body is no text of records at all, or nothing.
std::string_view alien(std::string_view body) {
    if (body.starts_with("\x1f\x8b")) return "the body is gzip; say so with Content-Encoding: gzip";
    if (body.starts_with("\x28\xb5\x2f\xfd")) {
        return "the body is zstd; say so with Content-Encoding: zstd";
    }
    if (body.starts_with("\xff\xfe") || body.starts_with("\xfe\xff")) {
        return "the body is UTF-16; send UTF-8";
    }
    return {};
}

std::string_view first_line(std::string_view body) {
    return body.substr(0, std::min(body.find('\n'), body.size()));
}

}  // namespace

struct Gate::State {
    State(const Formats& all, std::string_view key, const Limits& chosen)
        : formats(all),
          limits(chosen),
          id_key(XXH3_64bits(key.data(), key.size())),
          scrubber(key),
          detector(all),
          parser(chosen.max_depth) {}

    GatePlan& plan(const Format& format) {
        auto& made = plans[&format];
        if (!made) made = std::make_unique<GatePlan>(format.model(), limits, id_key);
        return *made;
    }
    const Format* detect(std::string_view body);
    const Format* detect_value(std::string_view text, int depth);
    const Format* detect_inside(std::string_view text, const Unwrap& unwrap, int depth);

    const Formats& formats;
    Limits limits;
    std::uint64_t id_key;
    Scrubber scrubber;
    Detector detector;
    JsonParser parser;
    std::map<const Format*, std::unique_ptr<GatePlan>> plans;
};

/// Looks at the first records until one is known.
const Format* Gate::State::detect(std::string_view body) {
    for (int tried = 0; tried < 16 && !body.empty();) {
        const std::size_t start = body.find_first_not_of(" \t\r\n");
        if (start == std::string_view::npos) return nullptr;
        body.remove_prefix(start);
        ++tried;
        std::string_view text = first_line(body);
        const std::size_t line_size = text.size();
        if (const auto container = container_line(text)) text = container->payload;
        std::size_t used = line_size;
        const std::string_view line = text;
        if (text.starts_with('{') || text.starts_with('[')) {
            if (text.size() == line_size) {
                const auto end = RawJson(body).skip_value(0, body.size());
                text = body.substr(0, end.value_or(body.size()));
                used = end ? text.size() : line_size;
            }
            if (const Format* format = detect_value(text, 0)) return format;
            // Some access lines start with their time in brackets.
            if (const Format* format = detector.detect_line(line)) return format;
        } else if (const Format* format = detector.detect_line(text)) {
            return format;
        }
        body.remove_prefix(used);
    }
    return nullptr;
}

/// What is inside envelopes tells more than they do, so the inside is looked at first.
const Format* Gate::State::detect_value(std::string_view text, int depth) {
    const RawJson raw(text);
    if (depth > 6 || text.empty()) return nullptr;
    if (text.front() == '[') {
        const std::size_t at = raw.skip_blanks(1);
        const auto end = raw.skip_value(at, text.size());
        return end ? detect_value(text.substr(at, *end - at), depth + 1) : nullptr;
    }
    if (text.front() != '{') return nullptr;
    for (const Unwrap* unwrap : detector.envelopes()) {
        if (const Format* format = detect_inside(text, *unwrap, depth)) return format;
    }
    return text.size() > limits.max_line_bytes ? nullptr : detector.detect(text, parser);
}

const Format* Gate::State::detect_inside(std::string_view text, const Unwrap& unwrap, int depth) {
    const RawJson raw(text);
    const auto at = raw.member(0, unwrap.path);
    if (!at || *at >= text.size()) return nullptr;
    const auto missing = [&](const Condition& condition) {
        return raw.member(0, condition.path).has_value() ==
               (condition.kind == Condition::Kind::absent);
    };
    if (std::ranges::any_of(unwrap.when, missing)) return nullptr;
    if (unwrap.kind == Unwrap::Kind::list) {
        return text[*at] == '[' ? detect_value(text.substr(*at), depth + 1) : nullptr;
    }
    const auto end = raw.skip_value(*at, text.size());
    if (!end) return nullptr;
    const std::string_view value = text.substr(*at, *end - *at);
    if (unwrap.kind == Unwrap::Kind::object) return detect_value(value, depth + 1);
    if (value.front() != '"' || value.size() > limits.max_line_bytes || parser.parse(value, 0)) {
        return nullptr;
    }
    std::string content(parser.tape().text(Tape::root));
    if (unwrap.kind == Unwrap::Kind::base64) {
        std::string bytes;
        if (!base::from_base64(content, bytes)) return nullptr;
        content = std::move(bytes);
    }
    const std::size_t start = content.find_first_not_of(" \t\r\n");
    return start == std::string::npos
               ? nullptr
               : detect_value(std::string_view(content).substr(start), depth + 1);
}

Gate::Gate(const Formats& formats, std::string_view scrub_key, Limits limits) {
    BASE_ASSERT(within_range(limits));
    BASE_ASSERT(scrub_key.size() >= 16);
    state_ = std::make_unique<State>(formats, scrub_key, limits);
}

Gate::~Gate() = default;
Gate::Gate(Gate&&) noexcept = default;

base::Result<Gate::Accepted> Gate::accept(std::string_view body, BodyKind kind,
                                          const Format& format, base::WallTime arrival) {
    if (const auto why = alien(body); !why.empty()) {
        return base::fail(base::Fault::invalid, std::string(why));
    }
    if (body.starts_with("\xef\xbb\xbf")) body.remove_prefix(3);
    Accepted out;
    const Format* chosen = &format;
    if (format.is_auto()) {
        chosen = state_->detect(body);
        if (chosen == nullptr) chosen = state_->formats.find("auto");
    }
    out.format = chosen->name();
    GatePlan& plan = state_->plan(*chosen);
    Splitter splitter(plan, state_->limits, state_->scrubber, arrival, out);
    if (chosen->is_auto()) {
        splitter.unknown(body);
        return out;
    }
    out.lines.reserve(body.size() + body.size() / 16);
    if (plan.model.lines == FormatModel::Lines::access) {
        splitter.lines(body);
        return out;
    }
    const bool whole = splitter.json(body);
    if (!whole && kind == BodyKind::json && out.records == 0 && out.rejects.size() == 1 &&
        out.rejects.front().code == RejectCode::bad_json) {
        return base::fail(
            base::Fault::invalid,
            "the body is not JSON: it breaks off or is malformed where its first value "
            "starts, at line " +
                std::to_string(out.rejects.front().line));
    }
    return out;
}

base::Result<Gate::Accepted> Gate::accept_otlp(std::string_view body, bool protobuf,
                                               base::WallTime arrival) {
    const Format* native = state_->formats.find("native");
    if (native == nullptr) {
        return base::fail(base::Fault::invalid, "OTLP needs the format file native.yaml");
    }
    auto lines = protobuf ? otlp_protobuf_lines(body) : otlp_json_lines(body, state_->limits);
    if (!lines) return std::unexpected(std::move(lines.error()));
    return accept(*lines, BodyKind::ndjson, *native, arrival);
}

}  // namespace decode
