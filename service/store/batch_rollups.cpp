#include "base/kill_point.hpp"
#include "call/address.hpp"
#include "store/batch.hpp"
#include "store/copy_rows.hpp"

#include <algorithm>
#include <span>

namespace store {
namespace {

constexpr Incoming coverage{
    .table = "in_coverage",
    .make =
        "CREATE TEMPORARY TABLE IF NOT EXISTS in_coverage (LIKE callerprint.coverage)"
        " ON COMMIT DELETE ROWS",
    .columns =
        "source, minute, received, parsed, attributed, late, rejected, heartbeats, set_aside,"
        " ahead",
    .merge =
        "WITH late AS (INSERT INTO callerprint.late_coverage (arrived_at, source, minute, received,"
        " parsed, attributed, late, rejected, heartbeats, set_aside, ahead) SELECT * FROM (SELECT"
        " callerprint.arrival(date_trunc('hour', minute, 'UTC'), now(), (SELECT max(at)"
        " FROM callerprint.moments WHERE at < now())) AS arrived_at, in_coverage.* FROM "
        "in_coverage)"
        " AS c WHERE arrived_at IS NOT NULL)"
        " INSERT INTO callerprint.coverage AS t (source, minute, received, parsed, attributed, "
        "late,"
        " rejected, heartbeats, set_aside, ahead) SELECT * FROM in_coverage ORDER BY source, minute"
        " ON CONFLICT (source, minute) DO UPDATE SET received = t.received + excluded.received,"
        " parsed = t.parsed + excluded.parsed, attributed = t.attributed + excluded.attributed,"
        " late = t.late + excluded.late, rejected = t.rejected + excluded.rejected,"
        " heartbeats = t.heartbeats + excluded.heartbeats,"
        " set_aside = t.set_aside + excluded.set_aside, ahead = t.ahead + excluded.ahead"};

// The parts of a primary key of the rollups together stay below the 2.7 KB that a btree entry may
// have.
constexpr std::size_t max_uid = 600;
constexpr std::size_t max_service = 250;
constexpr std::size_t max_operation = 600;
constexpr std::size_t max_text = 1'000;

void put_known(CopyText& out, std::string_view text) {
    if (text.empty()) {
        out.null();
    } else {
        out.bounded(text, max_text);
    }
}

/// "boto3 1.34"; when the caller's program has a name of its own, that first: "crowdview
/// boto3 1.34". Clients are looked for by the first word, and a library tells nobody apart.
void put_client(CopyText& out, const rollup::Activity& row) {
    std::string text;
    for (const std::string_view part : {row.client_app, row.client_family, row.client_version}) {
        if (!part.empty()) text.append(text.empty() ? "" : " ").append(part);
    }
    put_known(out, text);
}

/// The columns of activity that a batch needs: most logs know nothing of tokens or units, and a
/// column that is not sent costs the server nothing.
class ActivityColumns {
public:
    template <class Rows>
    explicit ActivityColumns(const Rows& rows) {
        for (const rollup::Activity& row : rows) {
            const auto& sums = row.sums;
            denied_ = denied_ || sums.denied != 0;
            bytes_ = bytes_ || sums.request_bytes != 0 || sums.response_bytes != 0;
            units_ = units_ || sums.units != 0;
            tokens_ = tokens_ || sums.input_tokens != 0 || sums.output_tokens != 0;
            network_ = network_ || row.asn > 0 || !row.as_name.empty() || !row.country.empty();
        }
    }

    [[nodiscard]] std::string names() const {
        std::string out =
            "first_seen, last_seen, tenant_uid, key_uid, service, operation, origin, origin_hash,"
            " calls, ok, failed, address, client, record_id";
        if (denied_) out += ", denied";
        if (bytes_) out += ", request_bytes, response_bytes";
        if (units_) out += ", units";
        if (tokens_) out += ", input_tokens, output_tokens";
        if (network_) out += ", asn, as_name, country";
        return out;
    }

    void put(CopyText& out, const rollup::Activity& row) const {
        out.time(row.first_seen).time(row.last_seen);
        out.bounded(row.tenant, max_uid).bounded(row.key, max_uid);
        out.bounded(row.service, max_service).bounded(row.operation, max_operation);
        put_origin(out, row);
        const auto& sums = row.sums;
        out.counter(sums.calls).counter(sums.ok).counter(sums.failed);
        put_example(out, row);
        if (denied_) out.counter(sums.denied);
        if (bytes_) out.counter(sums.request_bytes).counter(sums.response_bytes);
        if (units_) out.real(sums.units);
        if (tokens_) out.counter(sums.input_tokens).counter(sums.output_tokens);
        if (network_) put_network(out, row);
    }

private:
    static void put_origin(CopyText& out, const rollup::Activity& row) {
        out.bounded(row.origin, max_operation);
        if (row.origin.empty()) {
            out.null();
        } else {
            out.integer(static_cast<std::int64_t>(row.origin_hash));
        }
    }
    static void put_example(CopyText& out, const rollup::Activity& row) {
        if (const auto address = call::parse_address(row.address)) {
            out.text(address->v6 ? call::to_text(*address) : std::string(row.address));
        } else {
            out.null();
        }
        put_client(out, row);
        // Shifted, so that signed order in the table is unsigned order here.
        out.integer(static_cast<std::int64_t>(row.record_id ^ (std::uint64_t{1} << 63)));
    }
    static void put_network(CopyText& out, const rollup::Activity& row) {
        if (row.asn > 0) {
            out.integer(row.asn);
        } else {
            out.null();
        }
        put_known(out, row.as_name);
        put_known(out, row.country);
    }

    bool denied_ = false, bytes_ = false, units_ = false, tokens_ = false, network_ = false;
};

void put(CopyText& out, const rollup::CoverageMinute& row) {
    out.bounded(row.source, max_uid).time(row.minute).counter(row.received).counter(row.parsed);
    out.counter(row.attributed).counter(row.late).counter(row.rejected);
    out.counter(row.heartbeats).counter(row.set_aside).counter(row.ahead);
}

Section activity_section(const rollup::Activities& rows) {
    return {"activity", rows.size(),
            [&rows](pqxx::dbtransaction& tx, std::size_t begin, std::size_t end) {
                const auto some = rows.some(begin, end);
                const ActivityColumns columns(some);
                copy_rows(tx, "callerprint.activity", columns.names(), some,
                          [&](CopyText& out, const auto& row) { columns.put(out, row); });
                BASE_KILL_POINT("store.batch.activity.after");
            },
            [&rows](std::size_t row) {
                DeadLetter letter;
                CopyText text(letter.sample);
                ActivityColumns(rows.some(row, row + 1)).put(text, rows[row]);
                return letter;
            }};
}

Section coverage_section(const std::vector<rollup::CoverageMinute>& rows, Connection& connection) {
    return {"coverage", rows.size(),
            [&rows, &connection](pqxx::dbtransaction& tx, std::size_t begin, std::size_t end) {
                merge_rows(tx, connection, coverage, std::span(rows).subspan(begin, end - begin),
                           [](CopyText& out, const auto& row) { put(out, row); });
                BASE_KILL_POINT("store.batch.coverage.after");
            },
            [&rows](std::size_t row) {
                DeadLetter letter;
                CopyText text(letter.sample);
                put(text, rows[row]);
                return letter;
            }};
}

}  // namespace

void add_rollup_sections(const Batch& batch, std::vector<Section>& out) {
    const auto& rows = batch.effects.rollup;
    if (!rows.activity.empty()) out.push_back(activity_section(rows.activity));
    if (!rows.coverage.empty()) out.push_back(coverage_section(rows.coverage, batch.connection));
}

}  // namespace store
