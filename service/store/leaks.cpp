#include "store/leaks.hpp"

#include "store/audit_entry.hpp"
#include "store/connection.hpp"

#include <array>
#include <set>

namespace store {
namespace {

constexpr const char* find_leaks =
    "SELECT key, key_hash, source FROM callerprint.leaks WHERE key = ANY ($1)";

}  // namespace

base::Result<std::vector<registry::Leak>> begin_leak_report(
    Session& session, std::string_view reporter, std::string_view object,
    std::string_view details_json, const std::vector<registry::Leak>& leaks) {
    return session.connection().transaction(
        "recording a report of leaks",
        [&](pqxx::work& tx) -> base::Result<std::vector<registry::Leak>> {
            audit(session, tx, reporter, "leak.report", object, details_json);
            std::vector<std::string> keys;
            for (const registry::Leak& leak : leaks) keys.push_back(leak.key);
            std::set<std::array<std::string, 3>> known;
            for (const auto& row : run(tx, find_leaks, Params().texts(keys)))
                known.insert(
                    {row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>()});
            std::vector<registry::Leak> fresh;
            for (const registry::Leak& leak : leaks) {
                if (known.insert({leak.key, leak.key_hash, leak.source}).second)
                    fresh.push_back(leak);
            }
            return fresh;
        });
}

}  // namespace store
