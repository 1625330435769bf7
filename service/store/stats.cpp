#include "store/stats.hpp"

#include "store/connection.hpp"

namespace store {
namespace {

// Estimates where a count would read the table.
constexpr const char* load_stats =
    "SELECT pg_database_size(current_database()),"
    " (SELECT count(*) FROM callerprint.outbox WHERE state = 'ready'),"
    " (SELECT count(*) FROM callerprint.outbox WHERE state = 'dead'),"
    " (SELECT coalesce(greatest(extract(epoch FROM now() - min(created_at)), 0), 0)::double "
    "precision"
    " FROM callerprint.outbox WHERE state = 'ready'),"
    " (SELECT count(*) FROM callerprint.alerts WHERE state IN ('open', 'acknowledged')),"
    " (SELECT coalesce(sum(n_live_tup), 0)::bigint FROM pg_stat_user_tables"
    " WHERE schemaname = 'callerprint' AND relname LIKE 'dead\\_letters\\_%'),"
    " (SELECT count(*) FROM callerprint.partitions),"
    " (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database())";

}  // namespace

base::Result<Stats> stats(Session& session) {
    return session.connection().transaction("reading statistics",
                                            [](pqxx::work& tx) -> base::Result<Stats> {
                                                const auto rows = run(tx, load_stats);
                                                const auto& row = rows[0];
                                                Stats out;
                                                out.database_bytes = row[0].as<long long>();
                                                out.outbox_waiting = row[1].as<long long>();
                                                out.outbox_dead = row[2].as<long long>();
                                                out.outbox_oldest_seconds = row[3].as<double>();
                                                out.alerts_open = row[4].as<long long>();
                                                out.dead_letters = row[5].as<long long>();
                                                out.partitions = row[6].as<long long>();
                                                out.connections = row[7].as<long long>();
                                                return out;
                                            });
}

}  // namespace store
