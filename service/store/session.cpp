#include "store/session.hpp"

#include "base/kill_point.hpp"
#include "store/connection.hpp"

namespace store {
namespace {

using base::Fault;

// The row lock makes a claim wait for the old owner's open batch.
constexpr const char* claim_position =
    "INSERT INTO callerprint.source_position AS p"
    " (source, partition, epoch, owner, backend, next_offset, snapshot_offset)"
    " VALUES ($1, $2, 1, $3, pg_backend_pid(), $4, $4)"
    " ON CONFLICT (source, partition) DO UPDATE SET epoch = p.epoch + 1, owner = excluded.owner,"
    " backend = excluded.backend, claimed_at = now()"
    " RETURNING epoch, next_offset, snapshot_offset, callerprint.micros(watermark), policy_rev";
constexpr const char* load_position =
    "SELECT epoch, next_offset, snapshot_offset, callerprint.micros(watermark), policy_rev"
    " FROM callerprint.source_position WHERE source = $1 AND partition = $2";
constexpr const char* one_moment = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
constexpr const char* load_part =
    "SELECT state FROM callerprint.window_state"
    " WHERE source = $1 AND partition = $2 AND part = $3";

Position position_of(const pqxx::row& row) {
    Position out;
    out.epoch = row[0].as<long long>();
    out.next_offset = static_cast<std::uint64_t>(row[1].as<long long>());
    out.snapshot_offset = static_cast<std::uint64_t>(row[2].as<long long>());
    if (!row[3].is_null()) out.watermark = base::event_time(row[3].as<long long>());
    out.policy_rev = row[4].as<std::string>();
    return out;
}

}  // namespace

base::Result<std::unique_ptr<Session>> Session::open(Options options) {
    using std::chrono::milliseconds;
    if (options.connect_timeout < milliseconds(1'000) ||
        options.connect_timeout > milliseconds(300'000)) {
        return base::fail(Fault::invalid, "database connect_timeout must be 1 s to 5 min");
    }
    if (options.statement_timeout.count() < 0 || options.lock_timeout.count() < 0 ||
        options.idle_in_transaction_timeout.count() < 0) {
        return base::fail(Fault::invalid, "database time-outs must not be negative");
    }
    if (options.url.empty()) return base::fail(Fault::invalid, "database url is empty");
    auto connection = Connection::open({options.url, options.application_name,
                                        options.connect_timeout, options.statement_timeout,
                                        options.lock_timeout, options.idle_in_transaction_timeout});
    if (!connection) return std::unexpected(connection.error());
    return std::unique_ptr<Session>(new Session(std::move(options), std::move(*connection)));
}

base::Result<Position> Session::claim(std::string_view source, int partition,
                                      std::string_view owner, std::uint64_t first) {
    return connection_->transaction(
        "claiming a partition", [&](pqxx::work& tx) -> base::Result<Position> {
            const auto rows = run(tx, claim_position,
                                  Params().text(source).integer(partition).text(owner).integer(
                                      static_cast<std::int64_t>(first)));
            BASE_KILL_POINT("store.claim.made");
            return position_of(rows[0]);
        });
}

base::Result<Position> Session::position(std::string_view source, int partition) {
    return connection_->transaction(
        "reading a position", [&](pqxx::work& tx) -> base::Result<Position> {
            const auto rows = run(tx, load_position, Params().text(source).integer(partition));
            if (rows.empty()) {
                return base::fail(Fault::not_found, "nobody claimed " + std::string(source) + "/" +
                                                        std::to_string(partition) + " yet");
            }
            return position_of(rows[0]);
        });
}

base::Result<std::vector<std::string>> Session::window_state(std::string_view source,
                                                             int partition) {
    using Found = base::Result<std::vector<std::string>>;
    return connection_->transaction("reading window state", [&](pqxx::work& tx) -> Found {
        tx.exec(one_moment);  // the parts of one state, whoever replaces it meanwhile
        std::vector<std::string> parts;
        while (true) {
            const auto number = static_cast<int>(parts.size());
            const auto rows =
                run(tx, load_part, Params().text(source).integer(partition).integer(number));
            if (rows.empty()) return parts;
            parts.push_back(bytes_of(rows[0][0]));
        }
    });
}

}  // namespace store
