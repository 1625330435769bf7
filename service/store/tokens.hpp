#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "store/session.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace store {

/// A bearer token as stored: never its secret, only the keyed digest.
struct Token {
    std::string id;                    ///< 10 characters, the part of the token used for look-up.
    std::string name;                  ///< For people, and the journal's client name.
    std::vector<std::string> scopes;   ///< "ingest", "read", "admin", ...
    std::vector<std::string> sources;  ///< Sources it may send; empty: all.
    std::string mac;                   ///< HMAC-SHA-256(pepper, secret), 32 bytes.
    int pepper_version = 1;
    base::WallTime created;
    std::optional<base::WallTime> expires;
    std::optional<base::WallTime> revoked;
    std::optional<base::WallTime> last_used;  ///< Kept to the minute, and best effort.
};

class Tokens {
public:
    explicit Tokens(Session& session) : session_(session) {}  // borrowed

    /// Fault::conflict when the id is taken.
    base::Result<void> add(const Token& token, std::string_view actor);
    base::Result<std::vector<Token>> list();
    /// Fault::not_found when there is no such token; revoking twice is fine.
    base::Result<void> revoke(std::string_view id, std::string_view actor);
    base::Result<void> used(std::string_view id, base::WallTime at);

private:
    Session& session_;
};

}  // namespace store
