#include "store/history.hpp"

#include "store/connection.hpp"

#include <limits>
#include <vector>

namespace store {
namespace {

constexpr const char* begin_reading = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
constexpr const char* find_oldest =
    "SELECT callerprint.micros(min(time)) FROM callerprint.calls"
    " WHERE raw IS NOT NULL AND format IS NOT NULL";
// NULL bounds are open.
constexpr const char* count_calls =
    "SELECT count(*) FILTER (WHERE readable), count(*) FILTER (WHERE NOT readable),"
    " count(*) FILTER (WHERE readable AND notes & 16 <> 0),"
    " callerprint.micros(min(time) FILTER (WHERE readable)),"
    " callerprint.micros(max(time) FILTER (WHERE readable)),"
    " coalesce(min(block) FILTER (WHERE readable), 0),"
    " coalesce(max(block) FILTER (WHERE readable), 0)"
    " FROM (SELECT time, block, notes, raw IS NOT NULL AND format IS NOT NULL AS readable"
    " FROM callerprint.calls WHERE ($1::bigint IS NULL OR time >= callerprint.at($1))"
    " AND ($2::bigint IS NULL OR time < callerprint.at($2))) AS kept";
constexpr const char* count_evaluated =
    "SELECT callerprint.whole(coalesce(sum(parsed), 0)) FROM callerprint.coverage"
    " WHERE ($1::bigint IS NULL OR minute >= callerprint.at($1))"
    " AND ($2::bigint IS NULL OR minute < callerprint.at($2))";
constexpr const char* find_revisions =
    "WITH spans AS (SELECT revision, from_block, lead(from_block) OVER (ORDER BY from_block) AS"
    " to_block FROM callerprint.policy_activations WHERE source = 'main' AND partition = 0)"
    " SELECT DISTINCT revision, coalesce((SELECT min(from_block) FROM spans), $1 + 1) <= $1"
    " FROM spans WHERE from_block <= $2 AND (to_block IS NULL OR to_block > $1)";
constexpr const char* find_in_force =
    "SELECT digest FROM callerprint.policies WHERE revision = ANY ($1) GROUP BY digest"
    " HAVING count(DISTINCT revision) = cardinality($1::text[])";
constexpr const char* find_silences =
    "SELECT block, source, callerprint.micros(declared_at) FROM callerprint.silences"
    " WHERE block BETWEEN $1 AND $2 ORDER BY block, source";
constexpr const char* declare_calls =
    "DECLARE history NO SCROLL CURSOR FOR"
    " SELECT block, source, format, callerprint.micros(received), raw FROM callerprint.calls"
    " WHERE raw IS NOT NULL AND format IS NOT NULL"
    " AND ($1::bigint IS NULL OR time >= callerprint.at($1))"
    " AND ($2::bigint IS NULL OR time < callerprint.at($2)) ORDER BY block, record";
constexpr const char* fetch = "FETCH 5000 FROM history";

std::uint64_t count_of(const pqxx::field& field) {
    return field.as<std::uint64_t>();
}

Params bounds(const Period& period) {
    Params out;
    out.time(period.from).time(period.to);
    return out;
}

Kept look(pqxx::work& tx, const Period& period) {
    Kept out;
    const auto calls = run(tx, count_calls, bounds(period));
    out.calls = count_of(calls[0][0]);
    out.unreadable = count_of(calls[0][1]);
    out.late = count_of(calls[0][2]);
    out.first = maybe_event_time(calls[0][3]);
    out.last = maybe_event_time(calls[0][4]);
    out.first_block = count_of(calls[0][5]);
    out.last_block = count_of(calls[0][6]);
    out.evaluated = count_of(run(tx, count_evaluated, bounds(period))[0][0]);
    std::vector<std::string> revisions;
    bool known = false;
    const auto first = static_cast<std::int64_t>(out.first_block);
    const auto last = static_cast<std::int64_t>(out.last_block);
    for (const auto& row : run(tx, find_revisions, Params().integer(first).integer(last))) {
        revisions.push_back(row[0].as<std::string>());
        known = row[1].as<bool>();
    }
    if (!known) return out;
    out.in_force.emplace();
    for (const auto& row : run(tx, find_in_force, Params().texts(revisions))) {
        out.in_force->insert(row[0].as<std::string>());
    }
    return out;
}

/// Puts rows together to blocks, and silences where they were declared.
class Blocks {
public:
    Blocks(const std::function<void(const KeptBlock&)>& use, std::vector<KeptBlock> silences)
        : use_(use), silences_(std::move(silences)) {}

    void add(const pqxx::row& row) {
        const auto block = count_of(row[0]);
        if (current_.records == 0 || block != current_.block) {
            give();
            silences_before(block);
            current_ = {.block = block,
                        .source = row[1].as<std::string>(),
                        .format = row[2].as<std::string>(),
                        .received = wall_time_of(row[3])};
        }
        current_.lines.append(row[4].c_str(), row[4].size());
        current_.lines += '\n';
        ++current_.records;
    }
    void finish() {
        give();
        silences_before(std::numeric_limits<std::uint64_t>::max());
    }

private:
    void give() {
        if (current_.records > 0) use_(current_);
        current_.records = 0;
    }
    void silences_before(std::uint64_t block) {
        for (; next_ < silences_.size() && silences_[next_].block < block; ++next_)
            use_(silences_[next_]);
    }

    const std::function<void(const KeptBlock&)>& use_;
    std::vector<KeptBlock> silences_;
    std::size_t next_ = 0;
    KeptBlock current_;
};

std::vector<KeptBlock> silences(pqxx::work& tx, const Kept& kept) {
    std::vector<KeptBlock> out;
    const auto range = Params()
                           .integer(static_cast<std::int64_t>(kept.first_block))
                           .integer(static_cast<std::int64_t>(kept.last_block));
    for (const auto& row : run(tx, find_silences, range)) {
        out.push_back({.block = count_of(row[0]),
                       .source = row[1].as<std::string>(),
                       .received = wall_time_of(row[2]),
                       .silence = true});
    }
    return out;
}

}  // namespace

base::Result<Kept> read_history(Session& session, const Period& period,
                                const std::function<bool(const Kept&)>& begin,
                                const std::function<void(const KeptBlock&)>& use) {
    return session.connection().look("reading calls again",
                                     [&](pqxx::work& tx) -> base::Result<Kept> {
                                         tx.exec(begin_reading);
                                         auto kept = look(tx, period);
                                         if (!begin(kept)) return kept;
                                         Blocks blocks(use, silences(tx, kept));
                                         run(tx, declare_calls, bounds(period));
                                         while (true) {
                                             const auto rows = tx.exec(fetch);
                                             if (rows.empty()) break;
                                             for (const auto& row : rows) blocks.add(row);
                                         }
                                         blocks.finish();
                                         return kept;
                                     });
}

base::Result<std::optional<base::EventTime>> oldest_kept(Session& session) {
    using Found = base::Result<std::optional<base::EventTime>>;
    return session.connection().look("looking for the oldest call", [](pqxx::work& tx) -> Found {
        return maybe_event_time(run(tx, find_oldest)[0][0]);
    });
}

}  // namespace store
