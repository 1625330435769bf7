#pragma once

#include "base/time.hpp"

#include <cstdint>

namespace store {

/// Columns of callerprint.calls in the order in which CallRows writes them.
inline constexpr const char* call_columns =
    "time, received, source, block, record, call_id, notes, tenant_uid, key_uid, user_uid, "
    "user_name,"
    " user_type, provider, account_uid, region, service, operation, activity_id, http_method, url,"
    " host, status_id, http_status, status_code, error, error_message, address, address_text, asn,"
    " as_name, country, network_kind, user_agent, ja4, resource_uid, request_bytes, response_bytes,"
    " duration_ms, units, model, input_tokens, output_tokens, record_uid, correlation_uid,"
    " licence_state, origin, client_family, client_version, late, matched, raw,"
    " format";

/// The Monday that starts the week of a time, in days since 1970-01-01.
[[nodiscard]] std::int64_t monday_of(base::EventTime time) noexcept;

}  // namespace store
