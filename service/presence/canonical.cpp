#include "presence/record.hpp"

#include "base/digest.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <cstdio>
#include <optional>

namespace presence {
namespace {

namespace json = boost::json;

constexpr std::string_view before_signature = R"(,"signature":")";

std::string decimal(double number) {
    char text[64];
    const int size = std::snprintf(text, sizeof text, "%.4f", number);
    std::string out(text, static_cast<std::size_t>(size));
    while (out.ends_with('0')) out.pop_back();
    if (out.ends_with('.')) out.pop_back();
    return out == "-0" ? "0" : out;
}

void write(const json::value& value, std::string& out) {
    if (const auto* object = value.if_object()) {
        out += '{';
        bool first = true;
        for (const auto& [name, member] : *object) {
            if (!first) out += ',';
            first = false;
            out += json::serialize(json::value(name));
            out += ':';
            write(member, out);
        }
        out += '}';
    } else if (const auto* array = value.if_array()) {
        out += '[';
        bool first = true;
        for (const auto& element : *array) {
            if (!first) out += ',';
            first = false;
            write(element, out);
        }
        out += ']';
    } else if (const auto* number = value.if_double()) {
        out += decimal(*number);
    } else {
        out += json::serialize(value);
    }
}

}  // namespace

std::string canonical(const json::value& value) {
    std::string out;
    write(value, out);
    return out;
}

std::string id_of(const json::object& record) {
    return "w-" + base::base32(base::sha256(canonical(record))).substr(0, 26);
}

std::string with_id(const json::object& record) {
    return R"({"query_id":")" + id_of(record) + "\"," + canonical(record).substr(1);
}

std::string with_signature(std::string_view record, std::string_view signature) {
    return std::string(record.substr(0, record.size() - 1))
        .append(before_signature)
        .append(signature)
        .append("\"}");
}

std::optional<Signed> split_signature(std::string_view record) {
    const auto at = record.rfind(before_signature);
    if (at == std::string_view::npos || !record.ends_with("\"}")) return {};
    const auto start = at + before_signature.size();
    if (start > record.size() - 2) return {};
    return Signed{.text = std::string(record.substr(0, at)) + "}",
                  .signature = std::string(record.substr(start, record.size() - 2 - start))};
}

}  // namespace presence
