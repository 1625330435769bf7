#include "call/field.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>

namespace call {
namespace {

constexpr std::array<std::string_view, field_count> names = {
    "time",
    "metadata.uid",
    "metadata.correlation_uid",
    "metadata.product.name",
    "metadata.log_name",
    "metadata.tenant_uid",
    "cloud.provider",
    "cloud.account.uid",
    "cloud.region",
    "actor.user.credential_uid",
    "actor.user.uid",
    "actor.user.name",
    "actor.user.type",
    "actor.user.account.uid",
    "actor.session.issuer",
    "actor.session.uid",
    "actor.session.is_mfa",
    "actor.invoked_by",
    "src_endpoint.ip",
    "src_endpoint.port",
    "src_endpoint.domain",
    "src_endpoint.svc_name",
    "src_endpoint.intermediate_ips",
    "src_endpoint.autonomous_system.number",
    "src_endpoint.autonomous_system.name",
    "src_endpoint.location.country",
    "src_endpoint.kind",
    "src_endpoint.network",
    "http_request.user_agent",
    "http_request.http_method",
    "http_request.url",
    "http_request.host",
    "http_request.referrer",
    "http_request.length",
    "http_response.code",
    "http_response.length",
    "tls.version",
    "tls.cipher",
    "tls.sni",
    "tls.ja3_hash.value",
    "ja4_fingerprint_list.value",
    "api.service.name",
    "api.operation",
    "api.version",
    "activity_id",
    "resources.uid",
    "resources.type",
    "status_id",
    "status_code",
    "api.response.error",
    "api.response.error_message",
    "duration",
    "usage.units",
    "gen_ai.request.model",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "tenant.name",
    "tenant.tier",
    "tenant.status",
    "tenant.created",
    "tenant.age_days",
    "tenant.country",
    "tenant.party_uid",
    "party.uid",
    "party.name",
    "party.class",
    "party.country",
    "key.status",
    "key.age_days",
    "key.tenant_uid",
    "key.declared_origin",
    "key.leaked_at",
    "key.hours_since_leak",
    "licence.state",
    "licence.uid",
    "licence.use_case",
    "licence.ended_at",
    "origin.exact",
    "origin.place",
    "origin.network_client",
    "origin.software",
    "origin.client_family",
    "origin.client_version",
    "origin.platform",
    "origin.app",
    "call.late",
    "call.source",
};

}  // namespace

std::string_view name(Field field) noexcept {
    return names[static_cast<std::size_t>(field)];
}

std::string_view canonical(std::string_view text) noexcept {
    if (text == "tenant_uid") return name(Field::tenant_uid);
    if (text == "key_uid") return name(Field::key_uid);
    return text;
}

std::optional<Field> field_of(std::string_view text) noexcept {
    static const auto index = [] {
        boost::unordered_flat_map<std::string_view, Field> made;
        for (std::size_t i = 0; i < names.size(); ++i)
            made.emplace(names[i], static_cast<Field>(i));
        return made;
    }();
    const auto found = index.find(canonical(text));
    if (found == index.end()) return std::nullopt;
    return found->second;
}

}  // namespace call
