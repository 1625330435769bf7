#pragma once

#include "call/field.hpp"

#include <cstdint>

namespace decode {

/// What a mapped field holds, whatever the log wrote: numbers come as text and text as numbers.
enum class FieldKind : std::uint8_t { text, texts, integer, number, boolean };

[[nodiscard]] constexpr FieldKind kind_of(call::Field field) noexcept {
    using enum call::Field;
    switch (field) {
        case src_port:
        case src_asn:
        case http_request_bytes:
        case http_status:
        case http_response_bytes:
        case activity_id:
        case status_id:
        case input_tokens:
        case output_tokens:
            return FieldKind::integer;
        case duration:
        case units:
            return FieldKind::number;
        case session_is_mfa:
            return FieldKind::boolean;
        case src_intermediate_ips:
        case ja4:
        case resource_uid:
        case resource_type:
            return FieldKind::texts;
        default:
            return FieldKind::text;
    }
}

/// Longest text of a mapped field in bytes; a longer one is cut and ends in `~` and 16 hexadecimal
/// digits of the SHA-256 of the whole, so that different texts stay different.
[[nodiscard]] constexpr std::size_t cap_of(call::Field field) noexcept {
    using enum call::Field;
    switch (field) {
        case user_agent:
            return 1024;
        case tenant_uid:
        case key_uid:
        case user_uid:
        case user_name:
        case user_type:
        case user_account_uid:
        case session_issuer:
        case session_uid:
        case invoked_by:
        case src_domain:
        case src_service:
        case cloud_account_uid:
            return 256;
        default:
            return 4096;
    }
}

}  // namespace decode
