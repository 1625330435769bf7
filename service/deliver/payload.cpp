#include "deliver/payload.hpp"

#include "base/utf8.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace deliver {
namespace {

constexpr std::size_t max_text_bytes = 1'000;  // of a title or a summary, which policies write

/// The start of a text, cut between two characters, fit for JSON.
std::string cut(std::string_view text, std::size_t bytes = max_text_bytes) {
    auto out = base::utf8::storable(text.substr(0, bytes + 4));
    if (out.size() <= bytes) return out;
    auto end = bytes;
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;
    out.resize(end);
    return out + "\u2026";
}

boost::json::object subject_of(const alert::Alert& alert, bool full) {
    boost::json::object out;
    out["kind"] = cut(alert.subject.kind);
    // A key is a secret's name, an origin a person's place; a tenant is who we tell about.
    const bool open = full || alert.subject.kind == "tenant" || alert.subject.kind == "group";
    out["value"] = open && alert.subject.kind != "key" ? cut(alert.subject.value)
                                                       : masked(alert.subject.value);
    return out;
}

boost::json::object thin(const Event& event, const alert::Alert& alert, std::string_view base_url,
                         bool full) {
    boost::json::object data;
    data["id"] = alert.id;
    if (!base_url.empty()) data["url"] = std::string(base_url) + "/alerts/" + alert.id;
    data["policy"] = {{"id", cut(alert.policy_id)},
                      {"name", cut(alert.policy_name)},
                      {"title", cut(alert.policy_title)}};
    if (!alert.family.empty()) data["family"] = cut(alert.family);
    data["level"] = alert.level;
    data["summary"] = cut(alert.summary);
    if (!alert.tenant.empty()) data["tenant"] = cut(alert.tenant);
    data["subject"] = subject_of(alert, full);
    data["opened"] = base::to_rfc3339(alert.opened);
    data["last_seen"] = base::to_rfc3339(alert.last_seen);
    data["count"] = alert.count;
    if (!event.state.empty()) data["state"] = event.state;
    if (!event.disposition.empty()) data["disposition"] = event.disposition;
    if (!event.sub_reason.empty()) data["sub_reason"] = cut(event.sub_reason);
    return data;
}

/// Members that hold the id of a key.
bool names_a_key(std::string_view member) {
    return member == "key_uid" || member.ends_with("credential_uid");
}

/// Masks keys wherever they stand: under their names, and the subject's own wherever it is told.
void mask_keys(boost::json::value& value, std::string_view member, std::string_view key) {
    if (auto* object = value.if_object()) {
        for (auto& each : *object) mask_keys(each.value(), each.key(), key);
    } else if (auto* array = value.if_array()) {
        for (auto& each : *array) mask_keys(each, member, key);
    } else if (auto* text = value.if_string()) {
        const std::string_view given = *text;
        if (names_a_key(member) || (!key.empty() && given == key)) *text = masked(given);
    }
}

boost::json::value with_masked_keys(boost::json::value value, const alert::Alert& alert) {
    mask_keys(value, {}, alert.subject.kind == "key" ? alert.subject.value : std::string_view{});
    return value;
}

std::string wrap(const Event& event, boost::json::object data) {
    boost::json::object out;
    out["type"] = event.type;
    out["timestamp"] = base::to_rfc3339(event.at);
    out["data"] = std::move(data);
    return boost::json::serialize(out);
}

}  // namespace

std::string masked(std::string_view value) {
    constexpr std::size_t shown = 4;
    if (value.empty()) return {};
    if (value.size() < 4 * shown) return "\u2026";
    return base::utf8::storable(value.substr(0, shown)) + "\u2026" +
           base::utf8::storable(value.substr(value.size() - shown));
}

std::string standard_payload(const Event& event, const alert::Alert& alert,
                             std::string_view base_url, bool full) {
    if (full) {
        auto data = thin(event, alert, base_url, true);
        data["group"] = with_masked_keys(alert.group, alert);
        data["evidence"] = with_masked_keys(alert.evidence, alert);
        auto text = wrap(event, std::move(data));
        if (text.size() <= max_payload_bytes) return text;
    }
    return wrap(event, thin(event, alert, base_url, full));
}

}  // namespace deliver
