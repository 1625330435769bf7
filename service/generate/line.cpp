#include "generate/line.hpp"

#include <array>
#include <charconv>

namespace generate {

void Line::key(std::string_view name) {
    if (!out_.empty() && out_.back() != '{') out_ += ',';
    if (name.empty()) return;
    out_ += '"';
    out_ += name;
    out_ += "\":";
}

Line& Line::open(std::string_view name) {
    key(name);
    out_ += '{';
    return *this;
}

Line& Line::close() {
    out_ += '}';
    return *this;
}

Line& Line::text(std::string_view name, std::string_view value) {
    key(name);
    out_ += '"';
    out_ += value;
    out_ += '"';
    return *this;
}

Line& Line::known(std::string_view name, std::string_view value) {
    return value.empty() ? *this : text(name, value);
}

Line& Line::number(std::string_view name, std::uint64_t value) {
    key(name);
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out_.append(digits.data(), end);
    return *this;
}

Line& Line::flag(std::string_view name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
    return *this;
}

Line& Line::texts(std::string_view name, std::span<const std::string> values) {
    key(name);
    char before = '[';
    for (const std::string& value : values) {
        out_ += before;
        out_.append(1, '"').append(value).append(1, '"');
        before = ',';
    }
    if (values.empty()) out_ += '[';
    out_ += ']';
    return *this;
}

Line& Line::known(std::string_view name, std::span<const std::string> values) {
    return values.empty() ? *this : texts(name, values);
}

namespace {

std::string address(const Call& call) {
    std::string out = call.network->prefix;
    std::array<char, 8> digits{};
    const int base = out.find(':') == std::string::npos ? 10 : 16;
    out.append(digits.data(),
               std::to_chars(digits.data(), digits.data() + digits.size(), call.host, base).ptr);
    return out;
}

void write_source(Line& line, const Call& call) {
    line.open("src_endpoint").text("ip", address(call));
    line.open("autonomous_system").number("number", call.network->asn);
    line.text("name", call.network->as_name).close();
    line.open("location").text("country", call.network->country).close();
    line.text("kind", call.network->kind).close();
}

void write_http(Line& line, const Call& call, Random& random) {
    const auto& operation = *call.operation;
    const auto sent = operation.bytes == 0
                          ? 0
                          : random.between(operation.bytes / 2, std::uint64_t{operation.bytes} * 2);
    line.open("http_request").text("http_method", operation.method).text("url", operation.url);
    line.known("user_agent", call.client->user_agent).number("length", sent).close();
    line.open("http_response").number("code", call.status);
    line.number("length", call.error.empty() ? random.between(180, 2'600) : 164).close();
    if (!call.client->ja4.empty()) {
        line.open("tls").text("version", "1.3").close();
        line.open("ja4_fingerprint_list").text("value", call.client->ja4).close();
    }
}

void write_work(Line& line, const Call& call, Random& random) {
    if (!call.model.empty()) {
        line.open("gen_ai").open("request").text("model", call.model).close();
        line.open("usage").number("input_tokens", random.between(80, 3'000));
        line.number("output_tokens", call.error.empty() ? random.between(10, 900) : 0)
            .close()
            .close();
    }
    if (!call.gallery.empty()) {
        line.open("face")
            .text("gallery_uid", call.gallery)
            .number("gallery_size", call.gallery_size);
        if (call.persons_added != 0) line.number("persons_added", call.persons_added);
        line.close();
    }
}

}  // namespace

void write_line(std::string& out, const Call& call, Random& random) {
    std::string uid;
    append_uuid(uid, random);
    Line line(out);
    line.open().text("time", base::to_rfc3339(call.at));
    line.open("metadata").text("uid", uid).text("tenant_uid", call.tenant->uid).close();
    line.open("actor").open("user").text("credential_uid", call.key->uid).close().close();
    line.open("cloud")
        .text("region", call.region.empty() ? call.tenant->region : call.region)
        .close();
    write_source(line, call);
    write_http(line, call, random);
    line.open("api").open("service").text("name", call.operation->service).close();
    line.text("operation", call.operation->name).text("version", "1.0");
    if (!call.error.empty()) line.open("response").text("error", call.error).close();
    line.close();
    line.number("status_id", call.error.empty() ? 1 : 2);
    line.number("duration", random.between(12, 480));
    line.open("usage").number("units", call.error.empty() ? 1 : 0).close();
    write_work(line, call, random);
    line.close();
}

}  // namespace generate
