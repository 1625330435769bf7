#include "ingest/tokens.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <utility>

namespace ingest {
namespace {

constexpr std::string_view prefix = "cp_";
constexpr std::size_t id_size = 10;
constexpr std::size_t secret_size = 52;  // base32 of 32 bytes
constexpr std::size_t check_size = 8;
constexpr std::size_t token_size = prefix.size() + id_size + 1 + secret_size + 1 + check_size;

constexpr std::array<std::pair<std::string_view, Scope>, 6> scope_names{{
    {"ingest", scope_ingest},
    {"read", scope_read},
    {"respond", scope_respond},
    {"admin", scope_admin},
    {"ask", scope_ask},
    {"erase", scope_erase},
}};

bool base32_text(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7'); });
}

std::string check_digits(std::string_view text) {
    const auto crc =
        ::crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size()));
    const std::array<std::uint8_t, 4> bytes{
        static_cast<std::uint8_t>(crc >> 24), static_cast<std::uint8_t>(crc >> 16),
        static_cast<std::uint8_t>(crc >> 8), static_cast<std::uint8_t>(crc)};
    return base::hex(bytes);
}

std::string_view view(const base::Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// The scheme's name is case-insensitive and one or more spaces follow it (RFC 9110, 11.4).
std::string_view bearer(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer";
    if (authorization.size() <= scheme.size() || authorization[scheme.size()] != ' ') return {};
    for (std::size_t i = 0; i < scheme.size(); ++i)
        if ((authorization[i] | 0x20) != scheme[i]) return {};
    authorization.remove_prefix(scheme.size());
    while (authorization.starts_with(' ')) authorization.remove_prefix(1);
    return authorization;
}

/// 10 characters of base32 are 50 bits.
std::uint64_t number_of(std::string_view id) {
    std::uint64_t out = 0;
    for (const char c : id) {
        const int digit = c >= 'a' ? c - 'a' : c - '2' + 26;
        out = out << 5 | (static_cast<std::uint64_t>(digit) & 31);
    }
    return out;
}

/// The compiler may not know that a mask is all bits or none: it would branch on it.
std::uint64_t opaque(std::uint64_t mask) {
    asm volatile("" : "+r"(mask));
    return mask;
}

}  // namespace

std::optional<std::uint32_t> parse_scopes(std::string_view text) {
    std::uint32_t scopes = 0;
    while (true) {
        const std::size_t comma = text.find(',');
        const std::string_view one = text.substr(0, comma);
        const auto* known =
            std::ranges::find(scope_names, one, &decltype(scope_names)::value_type::first);
        if (known == scope_names.end()) return std::nullopt;
        scopes |= known->second;
        if (comma == std::string_view::npos) return scopes;
        text.remove_prefix(comma + 1);
    }
}

std::string to_text(std::uint32_t scopes) {
    std::string out;
    for (const auto& [name, scope] : scope_names) {
        if ((scopes & scope) == 0) continue;
        if (!out.empty()) out += ',';
        out += name;
    }
    return out;
}

bool Client::may_send_to(std::string_view source) const {
    return sources.empty() || std::ranges::find(sources, source) != sources.end();
}

NewToken new_token(std::string_view pepper) {
    std::array<std::uint8_t, 8> id_bytes{};
    std::array<std::uint8_t, 32> secret_bytes{};
    base::random_bytes(id_bytes);
    base::random_bytes(secret_bytes);
    NewToken token;
    token.id = base::base32(id_bytes).substr(0, id_size);
    const std::string secret = base::base32(secret_bytes);
    token.text = std::string(prefix) + token.id + "_" + secret;
    token.text += "_" + check_digits(token.text);
    token.digest = base::hmac_sha256(pepper, secret);
    return token;
}

std::optional<TokenParts> parse_token(std::string_view text) {
    if (text.size() != token_size || !text.starts_with(prefix)) return std::nullopt;
    const std::string_view id = text.substr(prefix.size(), id_size);
    const std::string_view secret = text.substr(prefix.size() + id_size + 1, secret_size);
    const std::size_t check_at = token_size - check_size;
    if (text[prefix.size() + id_size] != '_' || text[check_at - 1] != '_') return std::nullopt;
    if (!base32_text(id) || !base32_text(secret)) return std::nullopt;
    if (check_digits(text.substr(0, check_at - 1)) != text.substr(check_at)) return std::nullopt;
    return TokenParts{id, secret};
}

Tokens::Tokens(std::string pepper, std::vector<Row> rows) : pepper_(std::move(pepper)) {
    std::map<std::uint64_t, Row> distinct;
    for (Row& row : rows)
        if (row.client.id.size() == id_size) distinct[number_of(row.client.id)] = std::move(row);
    base::random_bytes(nobody_);
    const auto nobody = std::bit_cast<Words>(nobody_);
    for (auto& [id, row] : distinct) {
        auto& words = apart_.emplace_back(std::bit_cast<Words>(row.digest));
        for (std::size_t i = 0; i < words.size(); ++i) words[i] ^= nobody[i];
        ids_.push_back(id);
        rows_.push_back(std::move(row));
    }
}

// Everything is looked at, without a branch on what is found: a hash map told by its time whether
// there is such an id, and so does a row that is read or not. Three nanoseconds a token, beside
// the microsecond of the HMAC.
Tokens::Found Tokens::find(std::uint64_t id) const noexcept {
    Found out;
    auto [first, second, third, fourth] = std::bit_cast<Words>(nobody_);
    for (std::size_t i = 0; const auto& [a, b, c, d] : apart_) {
        const bool same = ids_.data()[i] == id;  // as long as apart_
        const auto mask = opaque(std::uint64_t{0} - static_cast<std::uint64_t>(same));
        out.place |= i++ & mask;
        out.known |= mask;
        first ^= a & mask;
        second ^= b & mask;
        third ^= c & mask;
        fourth ^= d & mask;
    }
    const Words digest{first, second, third, fourth};
    out.digest = std::bit_cast<base::Digest>(digest);
    return out;
}

base::Result<Client> Tokens::verify(std::string_view authorization, base::WallTime now) const {
    const auto refused = [] {
        return base::fail(base::Fault::unauthorised,
                          "the Authorization header holds no valid token: send 'Bearer cp_...'");
    };
    const std::optional<TokenParts> parts = parse_token(bearer(authorization));
    if (!parts) return refused();
    const Found found = find(number_of(parts->id));
    const base::Digest given = base::hmac_sha256(pepper_, parts->secret);
    const bool same = base::equal_in_constant_time(view(given), view(found.digest));
    if (!same || found.known == 0) return refused();
    const Row& row = rows_[found.place];
    if (row.expires && *row.expires <= now) return refused();
    return row.client;
}

}  // namespace ingest
