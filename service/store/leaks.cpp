#include "store/leaks.hpp"

#include "store/connection.hpp"

#include <set>
#include <utility>

namespace store {
namespace {

constexpr const char* find_leaks =
    "SELECT key, source FROM callerprint.leaks WHERE key = ANY ($1) AND key_hash = ''";

}  // namespace

base::Result<std::vector<registry::Leak>> begin_leak_report(
    Session& session, std::string_view reporter, std::string_view object,
    std::string_view details_json, const std::vector<registry::Leak>& leaks) {
    return session.connection().transaction(
        "recording a report of leaks",
        [&](pqxx::work& tx) -> base::Result<std::vector<registry::Leak>> {
            audit(tx, reporter, "leak.report", object, details_json);
            std::vector<std::string> keys;
            for (const registry::Leak& leak : leaks) keys.push_back(leak.key);
            std::set<std::pair<std::string, std::string>> known;
            for (const auto& row : run(tx, find_leaks, Params().texts(keys)))
                known.emplace(row[0].as<std::string>(), row[1].as<std::string>());
            std::vector<registry::Leak> fresh;
            for (const registry::Leak& leak : leaks) {
                if (known.emplace(leak.key, leak.source).second) fresh.push_back(leak);
            }
            return fresh;
        });
}

}  // namespace store
