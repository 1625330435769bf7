#include "decode/json_parser.hpp"
#include "decode/json_writer.hpp"
#include "decode/otlp.hpp"
#include "decode/otlp_body.hpp"
#include "decode/raw_json.hpp"

#include <optional>
#include <tuple>
#include <vector>

namespace decode {
namespace {

/// The value of a member of the object at `at`, or nothing. Both spellings that senders use are
/// known.
std::optional<std::size_t> member(const Tape& tape, std::size_t at, std::string_view camel,
                                  std::string_view snake = {}) {
    if (tape.type(at) != '{') return {};
    const std::size_t end = tape.close(at);
    for (std::size_t i = at + 1; i < end; i = tape.next(i + 1)) {
        const std::string_view key = tape.text(i);
        if (key == camel || (!snake.empty() && key == snake)) return i + 1;
    }
    return {};
}

std::string_view text_of(const Tape& tape, std::optional<std::size_t> at) {
    return at && tape.type(*at) == '"' ? tape.text(*at) : std::string_view{};
}

constexpr int max_value_depth = 16;

/// AnyValue: {"stringValue":...} and so on, as the JSON it stands for.
void write_value(const Tape& tape, std::size_t at, int depth, std::string& out) {
    if (depth > max_value_depth) {
        out += "null";
    } else if (const auto value = member(tape, at, "stringValue", "string_value")) {
        write_json(tape, *value, out);
    } else if (const auto integer = member(tape, at, "intValue", "int_value")) {
        const std::string_view digits =
            text_of(tape, integer);  // 64-bit integers are texts in OTLP JSON
        const bool plain = !digits.empty() && digits.size() <= 20 &&
                           digits.find_first_not_of("-0123456789") == std::string_view::npos &&
                           digits != "-" && (digits.size() == 1 || digits[0] != '0');
        plain ? void(out += digits) : write_json(tape, *integer, out);
    } else if (const auto list = member(tape, at, "arrayValue", "array_value")) {
        out += '[';
        const auto values = member(tape, *list, "values");
        if (values && tape.type(*values) == '[') {
            for (std::size_t i = *values + 1; i < tape.close(*values); i = tape.next(i)) {
                if (i != *values + 1) out += ',';
                write_value(tape, i, depth + 1, out);
            }
        }
        out += ']';
    } else if (const auto pairs = member(tape, at, "kvlistValue", "kvlist_value")) {
        ObjectWriter object;
        const auto values = member(tape, *pairs, "values");
        if (values && tape.type(*values) == '[') {
            for (std::size_t i = *values + 1; i < tape.close(*values); i = tape.next(i)) {
                std::string json;
                const auto inner = member(tape, i, "value");
                inner ? write_value(tape, *inner, depth + 1, json) : void(json = "null");
                object.member(text_of(tape, member(tape, i, "key")), json);
            }
        }
        object.finish(out);
        out.pop_back();
    } else if (tape.type(at) == '{' && at + 1 < tape.close(at)) {
        write_json(tape, at + 2, out);  // boolValue, doubleValue, bytesValue
    } else {
        out += "null";
    }
}

void add_attributes(const Tape& tape, std::optional<std::size_t> list, std::string_view prefix,
                    ObjectWriter& out) {
    if (!list || tape.type(*list) != '[') return;
    for (std::size_t i = *list + 1; i < tape.close(*list); i = tape.next(i)) {
        const auto value = member(tape, i, "value");
        if (!value) continue;
        std::string json;
        write_value(tape, *value, 0, json);
        out.member(std::string(prefix) + std::string(text_of(tape, member(tape, i, "key"))), json);
    }
}

/// A time in nanoseconds, which is a text or a number; empty when there is none.
std::string nanoseconds(const Tape& tape, std::optional<std::size_t> at) {
    std::string out;
    if (!at) return out;
    if (tape.type(*at) == '"') {
        const std::string_view digits = tape.text(*at);
        if (digits.empty() || digits == "0") return out;
        write_json_string(digits, out);
        return out;
    }
    write_json(tape, *at, out);
    return out == "0" ? std::string{} : out;
}

class Request {
public:
    Request(std::string_view text, const Limits& limits)
        : text_(text),
          raw_(text),
          parser_(limits.max_depth + 8),
          inner_(limits.max_depth),
          limits_(limits) {}

    base::Result<std::string> lines() {
        const std::size_t start = raw_.skip_blanks(0);
        auto list = raw_.member(start, "resourceLogs");
        if (!list) list = raw_.member(start, "resource_logs");
        if (!list || text_[*list] != '[') {
            return base::fail(base::Fault::invalid,
                              "the body is no OTLP logs request: it has no resourceLogs list");
        }
        const auto end =
            raw_.each_element(*list, [&](std::size_t at, std::size_t) { resource(at); });
        if (!end) return base::fail(base::Fault::invalid, "the OTLP logs request breaks off");
        return std::move(out_);
    }

private:
    template <class Function>
    void each(std::size_t at, std::string_view camel, std::string_view snake, Function&& function) {
        auto list = raw_.member(at, camel);
        if (!list) list = raw_.member(at, snake);
        if (list && text_[*list] == '[') raw_.each_element(*list, function);
    }

    void resource(std::size_t at) {
        resource_ = {};
        if (const auto found = raw_.member(at, "resource")) {
            if (const auto end = raw_.skip_value(*found, text_.size())) {
                resource_ = text_.substr(*found, *end - *found);
            }
        }
        each(at, "scopeLogs", "scope_logs", [&](std::size_t scope, std::size_t) {
            each(scope, "logRecords", "log_records", [&](std::size_t start, std::size_t end) {
                record(text_.substr(start, end - start));
            });
        });
    }

    void record(std::string_view text) {
        // What cannot be read goes on as it is, and the gate says why.
        if (text.size() > limits_.max_line_bytes || parser_.parse(text, 0) ||
            parser_.tape().type(Tape::root) != '{') {
            std::string line(text);
            std::erase(line, '\n');
            out_ += line + "\n";
            return;
        }
        const Tape tape = parser_.tape();
        ObjectWriter object;
        const auto time =
            nanoseconds(tape, member(tape, Tape::root, "timeUnixNano", "time_unix_nano"));
        if (!time.empty()) object.member("time", time);
        add_attributes(tape, member(tape, Tape::root, "attributes"), "", object);
        if (const auto body = member(tape, Tape::root, "body")) {
            std::string json;
            write_value(tape, *body, 0, json);
            add_body(json, inner_, object);
        }
        for (const auto& [key, camel, snake] :
             {std::tuple{"severity", "severityText", "severity_text"},
              std::tuple{"trace_id", "traceId", "trace_id"},
              std::tuple{"span_id", "spanId", "span_id"}}) {
            const auto value = text_of(tape, member(tape, Tape::root, camel, snake));
            if (!value.empty()) object.text(key, value);
        }
        const auto observed = nanoseconds(
            tape, member(tape, Tape::root, "observedTimeUnixNano", "observed_time_unix_nano"));
        if (!observed.empty()) object.member("observed_time", observed);
        if (!resource_.empty() && !inner_.parse(resource_, 0)) {
            add_attributes(inner_.tape(), member(inner_.tape(), Tape::root, "attributes"),
                           "resource.", object);
        }
        object.finish(out_);
    }

    std::string_view text_;
    RawJson raw_;
    JsonParser parser_, inner_;
    Limits limits_;
    std::string_view resource_;
    std::string out_;
};

}  // namespace

base::Result<std::string> otlp_json_lines(std::string_view request, const Limits& limits) {
    return Request(request, limits).lines();
}

}  // namespace decode
