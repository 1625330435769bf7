#include "store/migrations.hpp"

#include "base/digest.hpp"
#include "base/kill_point.hpp"
#include "base/log.hpp"
#include "store/connection.hpp"

#include <map>

namespace store {
namespace {

using base::Fault;

// Taken for the session, because each file commits on its own.
constexpr const char* take_lock = "SELECT pg_advisory_lock(7202431553410123)";
constexpr const char* free_lock = "SELECT pg_advisory_unlock(7202431553410123)";
constexpr const char* make_table =
    "CREATE TABLE IF NOT EXISTS public.callerprint_migrations (number integer PRIMARY KEY,"
    " name text NOT NULL, digest text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())";
constexpr const char* load_applied =
    "SELECT number, name, digest FROM public.callerprint_migrations ORDER BY number";
constexpr const char* add_applied =
    "INSERT INTO public.callerprint_migrations (number, name, digest) VALUES ($1, $2, $3)";

struct Applied {
    std::string name;
    std::string digest;
};

base::Result<std::map<unsigned, Applied>> applied(Connection& connection) {
    return connection.transaction("reading the schema's version",
                                  [](pqxx::work& tx) -> base::Result<std::map<unsigned, Applied>> {
                                      std::map<unsigned, Applied> out;
                                      run(tx, make_table);
                                      for (const auto& row : run(tx, load_applied)) {
                                          out[row[0].as<unsigned>()] = {row[1].as<std::string>(),
                                                                        row[2].as<std::string>()};
                                      }
                                      return out;
                                  });
}

base::Result<void> check(const std::map<unsigned, Applied>& there,
                         std::span<const Migration> migrations) {
    for (const auto& [number, file] : there) {
        const Migration* known = nullptr;
        for (const auto& one : migrations) {
            if (one.number == number) known = &one;
        }
        if (known == nullptr) {
            return base::fail(
                Fault::conflict,
                "the database has schema " + file.name + " and this program ends at " +
                    std::string(migrations.empty() ? "none" : migrations.back().name) +
                    ": run the newer program");
        }
        if (base::hex(base::sha256(known->sql)) != file.digest) {
            return base::fail(Fault::conflict,
                              "schema/" + std::string(known->name) +
                                  " was edited after it was applied: restore it and "
                                  "write a new file");
        }
    }
    return {};
}

base::Result<void> apply(Connection& connection, const Migration& one) {
    auto done = connection.transaction(
        "applying schema/" + std::string(one.name), [&](pqxx::work& tx) -> base::Result<void> {
            tx.exec("SET LOCAL lock_timeout = '60s'");
            tx.exec("SET LOCAL statement_timeout = 0");
            BASE_KILL_POINT("store.migration.file.before");
            tx.exec(std::string(one.sql));
            BASE_KILL_POINT("store.migration.file.after");
            run(tx, add_applied,
                Params().integer(one.number).text(one.name).text(base::hex(base::sha256(one.sql))));
            return {};
        });
    BASE_KILL_POINT("store.migration.committed");
    if (done) base::log::info("store.migrated", {{"file", one.name}});
    return done;
}

base::Result<Migrated> migrate_locked(Connection& connection,
                                      std::span<const Migration> migrations) {
    const auto there = applied(connection);
    if (!there) return std::unexpected(there.error());
    if (auto fine = check(*there, migrations); !fine) return std::unexpected(fine.error());
    Migrated result;
    result.from = result.to = there->empty() ? 0 : there->rbegin()->first;
    for (const auto& one : migrations) {
        if (there->contains(one.number)) continue;
        if (one.number <= result.from) {
            return base::fail(Fault::conflict,
                              "schema/" + std::string(one.name) +
                                  " comes before the database's newest: migrations go "
                                  "forward only");
        }
        if (auto done = apply(connection, one); !done) return std::unexpected(done.error());
        result.to = one.number;
    }
    return result;
}

}  // namespace

base::Result<Migrated> migrate(Session& session, std::span<const Migration> migrations) {
    auto& connection = session.connection();
    if (auto there = connection.ensure(); !there) return std::unexpected(there.error());
    try {
        pqxx::nontransaction tx(connection.raw());
        tx.exec("SET lock_timeout = '120s'");  // another of us may be migrating now
        tx.exec(take_lock);
    } catch (const std::exception& thrown) {
        connection.drop();
        return std::unexpected(error_of(thrown, "waiting to migrate the schema"));
    }
    BASE_KILL_POINT("store.migration.locked");
    auto result = migrate_locked(connection, migrations);
    BASE_KILL_POINT("store.migration.done");
    try {
        pqxx::nontransaction tx(connection.raw());
        tx.exec(free_lock);
    } catch (const std::exception&) {  // dropped below: the lock goes with the session
    }
    connection.drop();  // with its changed lock_timeout
    return result;
}

}  // namespace store
