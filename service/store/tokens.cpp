#include "store/tokens.hpp"

#include "store/audit_entry.hpp"
#include "store/connection.hpp"

namespace store {
namespace {

using base::Fault;

constexpr const char* add_token =
    "INSERT INTO callerprint.tokens (id, name, scopes, sources, mac, pepper_version, created_at,"
    " expires_at) VALUES ($1, $2, $3, $4, $5, $6, callerprint.at($7), callerprint.at($8))";
constexpr const char* load_tokens =
    "SELECT id, name, scopes, sources, mac, pepper_version, callerprint.micros(created_at),"
    " callerprint.micros(expires_at), callerprint.micros(revoked_at), "
    "callerprint.micros(last_used_at)"
    " FROM callerprint.tokens ORDER BY created_at, id";
constexpr const char* revoke_token =
    "UPDATE callerprint.tokens SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1";
constexpr const char* touch_token =
    "UPDATE callerprint.tokens SET last_used_at = date_trunc('minute', callerprint.at($2))"
    " WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < date_trunc('minute', "
    "callerprint.at($2)))";

}  // namespace

base::Result<void> Tokens::add(const Token& token, std::string_view actor) {
    auto added = session_.connection().transaction(
        "adding a token", [&](pqxx::work& tx) -> base::Result<void> {
            run(tx, add_token,
                Params()
                    .text(token.id)
                    .text(token.name)
                    .texts(token.scopes)
                    .texts(token.sources)
                    .bytes(token.mac)
                    .integer(token.pepper_version)
                    .time(token.created)
                    .time(token.expires));
            audit(session_, tx, actor, "token.create", token.id);
            return {};
        });
    if (!added && added.error().fault == Fault::conflict) {
        return base::fail(Fault::conflict, "there is a token " + token.id + " already");
    }
    return added;
}

base::Result<std::vector<Token>> Tokens::list() {
    using Found = base::Result<std::vector<Token>>;
    return session_.connection().transaction("listing tokens", [&](pqxx::work& tx) -> Found {
        std::vector<Token> out;
        for (const auto& row : run(tx, load_tokens)) {
            Token token;
            token.id = row[0].as<std::string>();
            token.name = row[1].as<std::string>();
            token.scopes = elements(row[2]);
            token.sources = elements(row[3]);
            token.mac = bytes_of(row[4]);
            token.pepper_version = row[5].as<int>();
            token.created = wall_time_of(row[6]);
            token.expires = maybe_wall_time(row[7]);
            token.revoked = maybe_wall_time(row[8]);
            token.last_used = maybe_wall_time(row[9]);
            out.push_back(std::move(token));
        }
        return out;
    });
}

base::Result<void> Tokens::revoke(std::string_view id, std::string_view actor) {
    return session_.connection().transaction(
        "revoking a token", [&](pqxx::work& tx) -> base::Result<void> {
            if (run(tx, revoke_token, Params().text(id)).affected_rows() == 0) {
                return base::fail(Fault::not_found,
                                  "there is no token " + std::string(id.substr(0, 20)));
            }
            audit(session_, tx, actor, "token.revoke", id);
            return {};
        });
}

base::Result<void> Tokens::used(std::string_view id, base::WallTime at) {
    return session_.connection().transaction("marking a token as used",
                                             [&](pqxx::work& tx) -> base::Result<void> {
                                                 run(tx, touch_token, Params().text(id).time(at));
                                                 return {};
                                             });
}

}  // namespace store
