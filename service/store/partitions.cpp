#include "store/partitions.hpp"

#include "base/kill_point.hpp"
#include "store/call_columns.hpp"

namespace store {
namespace {

// Weeks further from the present stay in the default partition, or forged times would make tables
// without end.
constexpr std::int64_t weeks_back = 52 * 12;
constexpr std::int64_t weeks_ahead = 1;

constexpr const char* partition_statement =
    "SELECT callerprint.ensure_partition($1, date '1970-01-01' + $2::integer)";

}  // namespace

base::Result<void> ensure_partitions(Connection& connection, const std::set<Week>& weeks,
                                     base::WallTime now) {
    const auto present = monday_of(base::event_time(base::micros(now)));
    for (const auto& week : weeks) {
        if (week.monday < present - 7 * weeks_back || week.monday > present + 7 * weeks_ahead)
            continue;
        if (connection.knows_partition(week.parent, week.monday)) continue;
        auto made =
            connection.transaction("making a partition", [&](pqxx::work& tx) -> base::Result<void> {
                BASE_KILL_POINT("store.partition.before");
                run(tx, partition_statement, Params().text(week.parent).integer(week.monday));
                BASE_KILL_POINT("store.partition.made");
                return {};
            });
        if (!made) return made;
        BASE_KILL_POINT("store.partition.committed");
        connection.partition_made(week.parent, week.monday);
    }
    return {};
}

}  // namespace store
