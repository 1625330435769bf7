#include "origin/fingerprint.hpp"

#include "origin/ja4.hpp"

#include <span>

namespace origin {
namespace {

/// The fields of one level in their fixed order, and which of them were there. The mask is hashed
/// with them: a source that logs no TLS never looks like the same origin seen by one that does.
class Fields {
public:
    void add(std::string_view value) {
        if (!value.empty()) mask_ |= 1u << count_;
        ++count_;
        values_.add(value);
    }
    [[nodiscard]] std::string message(Level level) const {
        std::string out = "of1";
        out += static_cast<char>('0' + static_cast<int>(level));
        base::LengthPrefixed mask;
        mask.add(std::int64_t{mask_});
        return out + mask.text() + values_.text();
    }

private:
    base::LengthPrefixed values_;
    unsigned mask_ = 0;
    unsigned count_ = 0;
};

/// `other` agents differ by the shape of their text.
std::string family(const Parts& parts) {
    if (parts.client == nullptr || parts.client->family.empty()) return {};
    if (parts.client->skeleton.empty()) return parts.client->family;
    return parts.client->family + ":" + parts.client->skeleton;
}

std::string network(const Parts& parts, unsigned v4_bits, unsigned v6_bits) {
    if (!parts.address) return std::string(parts.place);
    return call::to_text(call::network_of(*parts.address, parts.address->v6 ? v6_bits : v4_bits));
}

std::string asn(const Parts& parts) {
    return parts.asn ? std::to_string(*parts.asn) : std::string();
}

void add_exact(Fields& fields, const Parts& parts) {
    fields.add(network(parts, 32, 64));
    // A print of another shape is still the edge's word for this client.
    fields.add(parts.ja4);
    fields.add(parts.ja4.empty() ? parts.tls_version : std::string_view{});
    fields.add(parts.ja4.empty() ? parts.tls_cipher : std::string_view{});
    fields.add(family(parts));
    fields.add(parts.client != nullptr ? parts.client->version : std::string_view{});
    fields.add(parts.client != nullptr ? parts.client->app : std::string_view{});
}

void add_place(Fields& fields, const Parts& parts) {
    const auto ja4 = parse_ja4(parts.ja4);
    fields.add(network(parts, 24, 48));
    fields.add(asn(parts));
    fields.add(family(parts));
    fields.add(ja4 ? ja4->c : parts.ja4);
}

void add_kind(Fields& fields, const Parts& parts) {
    fields.add(asn(parts));
    fields.add(family(parts));
    fields.add(parts.client != nullptr ? parts.client->platform : std::string_view{});
}

void add_software(Fields& fields, const Parts& parts) {
    const auto ja4 = parse_ja4(parts.ja4);
    fields.add(family(parts));
    fields.add(ja4 ? stable_part(*ja4) : std::string());
    fields.add(ja4 ? ja4->c : parts.ja4);
    fields.add(parts.client != nullptr ? parts.client->app : std::string_view{});
}

}  // namespace

std::optional<std::string> token(base::Mac& mac, Level level, const Parts& parts) {
    const bool somewhere = parts.address || !parts.place.empty();
    const bool somewith =
        (parts.client != nullptr && !parts.client->family.empty()) || !parts.ja4.empty();
    Fields fields;
    switch (level) {
        case Level::exact:
            if (!somewhere) return std::nullopt;
            add_exact(fields, parts);
            break;
        case Level::place:
            if (!somewhere) return std::nullopt;
            add_place(fields, parts);
            break;
        case Level::kind:
            if (!parts.asn) return std::nullopt;
            add_kind(fields, parts);
            break;
        case Level::software:
            if (!somewith) return std::nullopt;
            add_software(fields, parts);
            break;
    }
    const base::Digest digest = mac(fields.message(level));
    std::string out = "of1:";
    out += static_cast<char>('0' + static_cast<int>(level));
    out += ':';
    out += base::base32(std::span(digest).first(16));
    return out;
}

}  // namespace origin
