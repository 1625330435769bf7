#include "store/merge.hpp"

#include "base/kill_point.hpp"
#include "base/log.hpp"
#include "store/connection.hpp"
#include "store/partitions.hpp"

#include <string>
#include <utility>

namespace store {
namespace {

constexpr const char* merge_pages = "SELECT callerprint.merge_activity($1::tid, $2::tid)";
constexpr const char* note_personas = "SELECT callerprint.note_personas($1::tid, $2::tid)";
constexpr const char* weeks_in_pages =
    "SELECT DISTINCT date_trunc('week', first_seen, 'UTC')::date - date '1970-01-01'"
    " FROM callerprint.activity WHERE ctid >= $1::tid AND ctid < $2::tid";
constexpr const char* size_of_table =
    "SELECT pg_relation_size('callerprint.activity'), current_setting('block_size')";
// An index of ranges does not know what was appended until somebody tells it to look, and questions
// read all of that: 800,000 calls that came late cost each search an eighth of a second until the
// next vacuum.
constexpr const char* summarize_ledgers =
    "SELECT brin_summarize_new_values('callerprint.late_activity_arrived'),"
    " brin_summarize_new_values('callerprint.late_coverage_arrived')";

std::string tid(std::uint64_t page) {
    return "(" + std::to_string(page) + ",0)";
}

base::Result<std::set<Week>> weeks_in(Connection& connection, const Params& pages) {
    return connection.transaction(
        "looking what there is to merge", [&](pqxx::work& tx) -> base::Result<std::set<Week>> {
            std::set<Week> out;
            for (const auto& row : run(tx, weeks_in_pages, pages)) {
                const auto monday = row[0].as<std::int64_t>();
                for (const char* parent : {"key_minute", "key_operation_hour", "key_origin_hour",
                                           "tenant_operation_hour", "personas"}) {
                    out.insert({parent, monday});
                }
            }
            return out;
        });
}

/// A help, no more: what fails is done the next time.
void summarize(Connection& connection) {
    const auto done = connection.transaction("summarizing what came late",
                                             [](pqxx::work& tx) -> base::Result<void> {
                                                 run(tx, summarize_ledgers);
                                                 return {};
                                             });
    if (!done) base::log::warn("store.not_summarized", {{"reason", done.error().reason}});
}

}  // namespace

base::Result<Merge::Step> Merge::step(std::uint32_t pages, base::WallTime now) {
    if (const auto room = room_above(session_.options().reserve); !room)
        return std::unexpected(room.error());
    auto& connection = session_.connection();
    const std::uint64_t end = std::uint64_t{next_page_} + pages;
    const auto range = Params().text(tid(next_page_)).text(tid(end));
    const auto weeks = weeks_in(connection, range);
    if (!weeks) return std::unexpected(weeks.error());
    if (auto there = ensure_partitions(connection, *weeks, now); !there)
        return std::unexpected(there.error());
    auto step =
        connection.transaction("merging activity", [&](pqxx::work& tx) -> base::Result<Step> {
            Step out;
            BASE_KILL_POINT("store.merge.before");
            if (!weeks->empty()) {
                run(tx, note_personas, range);
                BASE_KILL_POINT("store.merge.noted");
                out.rows = run(tx, merge_pages, range)[0][0].as<std::uint64_t>();
            }
            BASE_KILL_POINT("store.merge.moved");
            const auto size = run(tx, size_of_table)[0];
            out.table_bytes = size[0].as<std::uint64_t>();
            out.done = out.table_bytes <= end * size[1].as<std::uint64_t>();
            return out;
        });
    BASE_KILL_POINT("store.merge.committed");
    if (!step) return step;
    next_page_ = step->done ? 0 : static_cast<std::uint32_t>(end);
    merged_ += step->rows;
    if (step->done && std::exchange(merged_, 0) > 0) summarize(connection);
    return step;
}

}  // namespace store
