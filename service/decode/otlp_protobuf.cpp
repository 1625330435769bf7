#include "base/digest.hpp"
#include "decode/json_writer.hpp"
#include "decode/otlp.hpp"
#include "decode/otlp_body.hpp"

#include <otlp_logs.pb.h>

#include <charconv>
#include <cmath>

namespace decode {
namespace {

constexpr int max_value_depth = 16;

void write_real(double number, std::string& out) {
    char room[40];
    if (!std::isfinite(number)) {
        out += "null";
        return;
    }
    out.append(room, std::to_chars(room, room + sizeof room, number).ptr);
}

void write_value(const otlp::AnyValue& value, int depth, std::string& out) {
    if (depth > max_value_depth) {
        out += "null";
        return;
    }
    switch (value.value_case()) {
        case otlp::AnyValue::kStringValue:
            write_json_string(value.string_value(), out);
            return;
        case otlp::AnyValue::kBoolValue:
            out += value.bool_value() ? "true" : "false";
            return;
        case otlp::AnyValue::kIntValue:
            out += std::to_string(value.int_value());
            return;
        case otlp::AnyValue::kDoubleValue:
            write_real(value.double_value(), out);
            return;
        case otlp::AnyValue::kArrayValue: {
            out += '[';
            bool first = true;
            for (const auto& element : value.array_value().values()) {
                if (!first) out += ',';
                first = false;
                write_value(element, depth + 1, out);
            }
            out += ']';
            return;
        }
        case otlp::AnyValue::kKvlistValue: {
            ObjectWriter object;
            for (const auto& pair : value.kvlist_value().values()) {
                std::string json;
                write_value(pair.value(), depth + 1, json);
                object.member(pair.key(), json);
            }
            object.finish(out);
            out.pop_back();
            return;
        }
        case otlp::AnyValue::kBytesValue: {
            const std::string& bytes = value.bytes_value();
            write_json_string(
                base::base64(
                    std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size())),
                out);
            return;
        }
        case otlp::AnyValue::VALUE_NOT_SET:
            break;
    }
    out += "null";
}

template <class Attributes>
void add_attributes(const Attributes& attributes, std::string_view prefix, ObjectWriter& out) {
    for (const auto& pair : attributes) {
        std::string json;
        write_value(pair.value(), 0, json);
        out.member(std::string(prefix) + pair.key(), json);
    }
}

void add_id(std::string_view key, const std::string& bytes, ObjectWriter& out) {
    if (bytes.empty()) return;
    out.text(key, base::hex(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                      bytes.size())));
}

void write_record(const otlp::LogRecord& record, const otlp::Resource& resource, JsonParser& parser,
                  std::string& out) {
    ObjectWriter object;
    if (record.time_unix_nano() != 0)
        object.member("time", std::to_string(record.time_unix_nano()));
    add_attributes(record.attributes(), "", object);
    std::string body;
    write_value(record.body(), 0, body);
    add_body(body, parser, object);
    if (!record.severity_text().empty()) object.text("severity", record.severity_text());
    add_id("trace_id", record.trace_id(), object);
    add_id("span_id", record.span_id(), object);
    if (record.observed_time_unix_nano() != 0) {
        object.member("observed_time", std::to_string(record.observed_time_unix_nano()));
    }
    add_attributes(resource.attributes(), "resource.", object);
    object.finish(out);
}

}  // namespace

base::Result<std::string> otlp_protobuf_lines(std::string_view request) {
    otlp::ExportLogsRequest message;
    if (request.size() > INT32_MAX ||
        !message.ParseFromArray(request.data(), static_cast<int>(request.size()))) {
        return base::fail(base::Fault::invalid, "the body is no OTLP logs request in protobuf");
    }
    std::string out;
    JsonParser parser(32);
    for (const auto& resource : message.resource_logs()) {
        for (const auto& scope : resource.scope_logs()) {
            for (const auto& record : scope.log_records()) {
                write_record(record, resource.resource(), parser, out);
            }
        }
    }
    return out;
}

}  // namespace decode
