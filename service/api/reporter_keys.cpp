#include "api/reporter_keys.hpp"

#include "base/digest.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>

namespace api {
namespace {

namespace json = boost::json;

constexpr std::size_t most_keys = 100;
constexpr std::size_t longest_identifier = 256;
constexpr std::size_t longest_signature = 128;  // base64 of at most 72 bytes

const json::string* text_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value ? value->if_string() : nullptr;
}

/// As a header can carry it.
bool is_identifier(std::string_view text) {
    return !text.empty() && text.size() <= longest_identifier &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c < 127; });
}

}  // namespace

base::Result<ReporterKeys> ReporterKeys::parse(std::string_view text) {
    boost::system::error_code fault;
    const auto parsed = json::parse(text, fault);
    const auto* object = fault ? nullptr : parsed.if_object();
    const auto* list = object ? object->if_contains("public_keys") : nullptr;
    const auto* entries = list ? list->if_array() : nullptr;
    if (!entries || entries->empty() || entries->size() > most_keys) {
        return base::fail(base::Fault::invalid,
                          "write one JSON object whose public_keys is a list of one to 100 keys");
    }
    ReporterKeys out;
    for (const auto& entry : *entries) {
        const std::string place = "public_keys[" + std::to_string(&entry - entries->data()) + "]: ";
        const auto* members = entry.if_object();
        const auto* identifier = members ? text_of(*members, "key_identifier") : nullptr;
        const auto* pem = members ? text_of(*members, "key") : nullptr;
        if (!identifier || !pem || !is_identifier(*identifier)) {
            return base::fail(base::Fault::invalid,
                              place + "write key_identifier and key, both text");
        }
        auto key = base::P256Key::from_pem(*pem);
        if (!key) {
            return base::fail(base::Fault::invalid, place + "key " + std::string(*identifier) +
                                                        ' ' + key.error().reason +
                                                        "; write it as the code host publishes it");
        }
        if (!out.keys_.emplace(*identifier, std::move(*key)).second) {
            return base::fail(base::Fault::invalid, place + "key_identifier is there twice");
        }
    }
    return out;
}

bool ReporterKeys::knows(std::string_view identifier) const {
    return keys_.find(identifier) != keys_.end();
}

bool ReporterKeys::signed_by(std::string_view identifier, std::string_view signature,
                             std::string_view body) const {
    const auto key = keys_.find(identifier);
    std::string der;
    return key != keys_.end() && signature.size() <= longest_signature &&
           base::from_base64(signature, der) && key->second.verify(body, der);
}

}  // namespace api
