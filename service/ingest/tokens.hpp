#pragma once

#include "base/digest.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingest {

/// What a token may do. A client may hold several.
enum Scope : std::uint32_t {
    scope_ingest = 1u << 0,   ///< POST /v1/ingest, POST /v1/logs.
    scope_read = 1u << 1,     ///< GET of everything else.
    scope_respond = 1u << 2,  ///< Acknowledge, close, snooze alerts.
    scope_admin = 1u << 3,    ///< Registry, policies, endpoints, tokens.
    scope_ask = 1u << 4,      ///< Presence questions and their answers.
    scope_erase = 1u << 5,    ///< Asking for erasures, and approving those of others.
};

/// Comma-separated names: "ingest,read". Nothing when a name is unknown or there is none.
[[nodiscard]] std::optional<std::uint32_t> parse_scopes(std::string_view text);
[[nodiscard]] std::string to_text(std::uint32_t scopes);

/// Who holds a token.
struct Client {
    std::string id;    ///< The token's id: public, 10 characters of a-z2-7.
    std::string name;  ///< For people.
    std::uint32_t scopes = 0;
    std::vector<std::string> sources;  ///< Sources it may send to; empty is all.

    [[nodiscard]] bool may(Scope scope) const noexcept { return (scopes & scope) != 0; }
    [[nodiscard]] bool may_send_to(std::string_view source) const;
};

/// A new token, shown once: `cp_<id, 10>_<secret, 52>_<CRC-32 of what stands before, 8 hex>`. The
/// check digits let a scanner for leaked secrets, and us, tell a token from noise without look-up.
struct NewToken {
    std::string text;
    std::string id;
    base::Digest digest;  ///< HMAC-SHA-256(pepper, secret): what is stored.
};
[[nodiscard]] NewToken new_token(std::string_view pepper);

struct TokenParts {
    std::string_view id, secret;  ///< Lent by the text.
};
/// Splits a token; nothing when its form or its check digits are wrong.
[[nodiscard]] std::optional<TokenParts> parse_token(std::string_view text);

/// The live tokens. Immutable: replaced whole when one is made or revoked.
class Tokens {
public:
    struct Row {
        Client client;
        base::Digest digest{};  ///< As new_token gave it.
        /// Not valid from then on, even while the database that says so is away.
        std::optional<base::WallTime> expires{};
    };

    /// `pepper` is the deployment's secret, 32 bytes or more, kept outside the database.
    Tokens(std::string pepper, std::vector<Row> rows);

    /// The client of an Authorization header's value, "Bearer cp_...". Fails with
    /// Fault::unauthorised and one same sentence, after the same work, whether the id is unknown
    /// or the secret wrong, or the token past its time. Thread-safe.
    [[nodiscard]] base::Result<Client> verify(std::string_view authorization,
                                              base::WallTime now = base::WallClock::now()) const;

    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }

private:
    struct Found {
        std::size_t place = 0;
        std::uint64_t known = 0;  ///< 0: there is no such id.
        base::Digest digest;      ///< nobody_'s then.
    };
    [[nodiscard]] Found find(std::uint64_t id) const noexcept;

    std::string pepper_;
    std::vector<std::uint64_t> ids_;             // as the numbers that they are in base32
    using Words = std::array<std::uint64_t, 4>;  // a digest
    std::vector<Words> apart_;                   // each digest XOR nobody_'s
    std::vector<Row> rows_;
    base::Digest nobody_;  // compared with when the id is unknown
};

}  // namespace ingest
