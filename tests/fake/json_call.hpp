#pragma once

#include "call/batch.hpp"
#include "call/names.hpp"
#include "call/value.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Calls out of JSON for tests: every wanted name is looked up by path in the object, as the format
/// `json` does it (flat keys with dots first, arrays crossed and flattened).
namespace fake {

namespace detail {

inline call::Value scalar(const boost::json::value& json, call::Batch& batch) {
    switch (json.kind()) {
        case boost::json::kind::null:
            return call::Value::null();
        case boost::json::kind::bool_:
            return call::Value::of(json.get_bool());
        case boost::json::kind::int64:
            return call::Value::of(static_cast<std::int64_t>(json.get_int64()));
        case boost::json::kind::uint64:
            return call::Value::of(static_cast<std::uint64_t>(json.get_uint64()));
        case boost::json::kind::double_:
            return call::Value::of(json.get_double());
        case boost::json::kind::string:
            return call::Value::of(
                batch.keep(std::string_view(json.get_string().data(), json.get_string().size())));
        case boost::json::kind::object:
        case boost::json::kind::array:
            break;
    }
    return call::Value::object();
}

/// What a look-up found: `array` says that a list was among it, so one element stays a list.
struct Found {
    std::vector<call::Value> values;
    bool array = false;
    bool any = false;
};

inline void add(const boost::json::value& json, call::Batch& batch, Found& found) {
    found.any = true;
    if (!json.is_array()) {
        found.values.push_back(scalar(json, batch));
        return;
    }
    found.array = true;
    for (const auto& element : json.get_array()) add(element, batch, found);
}

inline void walk(const boost::json::value& json, std::string_view path, call::Batch& batch,
                 Found& found) {
    if (json.is_array()) {
        for (const auto& element : json.get_array()) {
            found.array = true;
            walk(element, path, batch, found);
        }
        return;
    }
    if (!json.is_object()) return;
    if (const auto* whole = json.get_object().if_contains(path)) {
        add(*whole, batch, found);
        return;
    }
    const auto dot = path.find('.');
    if (dot == std::string_view::npos) return;
    if (const auto* inner = json.get_object().if_contains(path.substr(0, dot)))
        walk(*inner, path.substr(dot + 1), batch, found);
}

inline void leaves(const boost::json::value& json, call::Batch& batch, Found& found) {
    found.array = true;
    if (json.is_array()) {
        for (const auto& element : json.get_array()) leaves(element, batch, found);
    } else if (json.is_object()) {
        for (const auto& member : json.get_object()) leaves(member.value(), batch, found);
    } else if (!json.is_null()) {
        found.any = true;
        found.values.push_back(scalar(json, batch));
    }
}

inline call::Value value_of(const Found& found, call::Batch& batch) {
    if (!found.any) return {};
    if (found.values.size() == 1 && !found.array) return found.values.front();
    return call::Value::of(batch.keep(std::span<const call::Value>(found.values)));
}

inline call::Value look_up(const boost::json::value& json, std::string_view name,
                           call::Batch& batch) {
    Found found;
    if (name == "*")
        leaves(json, batch, found);
    else
        walk(json, name, batch, found);
    return value_of(found, batch);
}

}  // namespace detail

/// Appends a call made of the object. Short names stand for the dotted ones and the other way
/// round.
inline void append(call::Batch& batch, const boost::json::object& object,
                   base::EventTime at = base::event_time(0), std::uint64_t id = 0) {
    const boost::json::value json(object);
    const call::Names& names = batch.names();
    const auto row = batch.append();
    row.header.time = at;
    row.header.id = id;
    row.header.record = static_cast<std::uint32_t>(batch.size() - 1);
    for (std::size_t slot = 0; slot < names.size(); ++slot) {
        const std::string& name = names.name(static_cast<call::Slot>(slot));
        call::Value value = detail::look_up(json, name, batch);
        if (value.absent() && name == "metadata.tenant_uid")
            value = detail::look_up(json, "tenant_uid", batch);
        if (value.absent() && name == "actor.user.credential_uid")
            value = detail::look_up(json, "key_uid", batch);
        row.values[slot] = value;
    }
}

}  // namespace fake
