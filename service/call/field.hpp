#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace call {

/// The names of a normalised call, after OCSF API Activity. Policies, formats, views and the API
/// use the dotted names; code uses these.
enum class Field : std::uint8_t {
    time,                      ///< time: when the call was made, as the log says; text as logged
    metadata_uid,              ///< metadata.uid: the record's own id; dedupe key
    metadata_correlation_uid,  ///< metadata.correlation_uid: request or trace id
    metadata_product_name,     ///< metadata.product.name: product that wrote the log
    metadata_log_name,         ///< metadata.log_name: log or category within it
    tenant_uid,                ///< metadata.tenant_uid: customer account the call is charged to
    cloud_provider,            ///< cloud.provider: aws, azure, gcp ...
    cloud_account_uid,         ///< cloud.account.uid: account, subscription or project
    cloud_region,              ///< cloud.region: region that served the call
    key_uid,                   ///< actor.user.credential_uid: id of the key used; never the key
    user_uid,                  ///< actor.user.uid: principal
    user_name,                 ///< actor.user.name: principal's name
    user_type,                 ///< actor.user.type: kind of principal
    user_account_uid,          ///< actor.user.account.uid: account of the principal
    session_issuer,            ///< actor.session.issuer: role or chain the session came from
    session_uid,               ///< actor.session.uid: session
    session_is_mfa,            ///< actor.session.is_mfa: multi-factor used
    invoked_by,                ///< actor.invoked_by: service that acted for the principal
    src_ip,       ///< src_endpoint.ip: caller's address, normalised; absent when it is none
    src_port,     ///< src_endpoint.port: caller's port
    src_domain,   ///< src_endpoint.domain: caller as text when it is no address
    src_service,  ///< src_endpoint.svc_name: calling service
    src_intermediate_ips,  ///< src_endpoint.intermediate_ips: proxies on the way
    src_asn,      ///< src_endpoint.autonomous_system.number: network's AS number at call time
    src_as_name,  ///< src_endpoint.autonomous_system.name: its name
    src_country,  ///< src_endpoint.location.country: ISO 3166 code
    src_kind,  ///< src_endpoint.kind: hosting, mobile, isp, vpn, business, education, government,
               ///< unknown
    src_network,          ///< src_endpoint.network: the /24 or /48 the address is in
    user_agent,           ///< http_request.user_agent: as sent
    http_method,          ///< http_request.http_method: GET, POST ...
    http_url,             ///< http_request.url: path or URL, without secrets
    http_host,            ///< http_request.host: host asked for
    http_referrer,        ///< http_request.referrer: Referer or Origin
    http_request_bytes,   ///< http_request.length: request size
    http_status,          ///< http_response.code: HTTP status
    http_response_bytes,  ///< http_response.length: response size
    tls_version,          ///< tls.version: TLS version
    tls_cipher,           ///< tls.cipher: TLS cipher
    tls_sni,              ///< tls.sni: server name asked for
    ja3,                  ///< tls.ja3_hash.value: JA3
    ja4,                  ///< ja4_fingerprint_list.value: JA4 TLS client
    service,              ///< api.service.name: service called
    operation,            ///< api.operation: operation called
    api_version,          ///< api.version: its version
    activity_id,          ///< activity_id: 1 create, 2 read, 3 update, 4 delete, 99 other
    resource_uid,         ///< resources.uid: resource acted on
    resource_type,        ///< resources.type: its type
    status_id,            ///< status_id: 1 worked, 2 failed
    status_code,          ///< status_code: provider's own result code
    error,                ///< api.response.error: error code
    error_message,        ///< api.response.error_message: error text
    duration,             ///< duration: milliseconds
    units,                ///< usage.units: billable units
    model,                ///< gen_ai.request.model: model asked for
    input_tokens,         ///< gen_ai.usage.input_tokens: tokens in
    output_tokens,        ///< gen_ai.usage.output_tokens: tokens out
    // Facts: joined after decoding, absent when not known.
    tenant_name,           ///< tenant.name: registered name
    tenant_tier,           ///< tenant.tier: trial, free, paid, enterprise ...
    tenant_status,         ///< tenant.status: active, suspended, closed
    tenant_created,        ///< tenant.created: RFC 3339
    tenant_age_days,       ///< tenant.age_days: whole days from creation to the call
    tenant_country,        ///< tenant.country: country of registration
    tenant_party,          ///< tenant.party_uid: party behind the tenant
    party_uid,             ///< party.uid: party
    party_name,            ///< party.name: its name
    party_class,           ///< party.class: company, government, law_enforcement, individual ...
    party_country,         ///< party.country: country
    key_status,            ///< key.status: active, revoked, unknown
    key_age_days,          ///< key.age_days: whole days from creation to the call
    key_tenant,            ///< key.tenant_uid: tenant the key was issued to
    key_origin,            ///< key.declared_origin: origin its owner declared
    key_leaked,            ///< key.leaked_at: RFC 3339 of the first known exposure before the call
    key_hours_since_leak,  ///< key.hours_since_leak: whole hours from exposure to the call
    licence_state,         ///< licence.state: covered, lapsed, missing, unclear, not_gated
    licence_uid,           ///< licence.uid: licence that covers or last covered the call
    licence_use_case,      ///< licence.use_case: use case it allows
    licence_ended,         ///< licence.ended_at: RFC 3339 of the end of a lapsed licence
    origin_exact,          ///< origin.exact: of1 L0: address, JA4, client, app token
    origin_place,          ///< origin.place: of1 L1: network, AS, client, JA4 c
    origin_kind,           ///< origin.network_client: of1 L2: AS, client, platform
    origin_software,       ///< origin.software: of1 L3: client, JA4 without b, app token
    client_family,         ///< origin.client_family: user agent family
    client_version,        ///< origin.client_version: major.minor
    client_platform,       ///< origin.platform: linux, windows, android, ios, browser, embedded
    client_app,            ///< origin.app: what the caller's own program calls itself
    late,                  ///< call.late: true when the call came later than its source's lateness
    source,                ///< call.source: source that sent it
};

inline constexpr std::size_t field_count = 87;
/// Fields before this one come out of the record; the rest are facts.
inline constexpr Field first_fact = Field::tenant_name;

/// "api.operation" for Field::operation.
[[nodiscard]] std::string_view name(Field field) noexcept;

/// The field of a dotted name. Two short names are taken besides, because policies group by them
/// all the time: `tenant_uid` for metadata.tenant_uid and `key_uid` for actor.user.credential_uid.
[[nodiscard]] std::optional<Field> field_of(std::string_view name) noexcept;

/// The dotted name for a short name; any other name as it is.
[[nodiscard]] std::string_view canonical(std::string_view name) noexcept;

}  // namespace call
