#include "store/batch.hpp"

#include "call/address.hpp"
#include "store/copy_text.hpp"

namespace store {
namespace {

// What COPY brings in goes through a temporary table, because COPY cannot merge.
struct Grain {
    const char* name;     // of the section, and of the temporary table with "in_" before it
    const char* make;     // the temporary table
    const char* columns;  // of both, in COPY's order
    const char* merge;    // into the base table
};

constexpr Grain key_minute{
    "key_minute",
    "CREATE TEMPORARY TABLE IF NOT EXISTS in_key_minute (LIKE callerprint.key_minute) ON COMMIT "
    "DELETE ROWS",
    "minute, key_uid, tenant_uid, calls, ok, failed, denied, request_bytes, response_bytes, units,"
    " input_tokens, output_tokens, origins, more_origins",
    "INSERT INTO callerprint.key_minute AS t (minute, key_uid, tenant_uid, calls, ok, failed, "
    "denied,"
    " request_bytes, response_bytes, units, input_tokens, output_tokens, origins, more_origins)"
    " SELECT * FROM in_key_minute ORDER BY key_uid, tenant_uid, minute"
    " ON CONFLICT (key_uid, tenant_uid, minute) DO UPDATE SET calls = t.calls + excluded.calls,"
    " ok = t.ok + excluded.ok, failed = t.failed + excluded.failed,"
    " denied = t.denied + excluded.denied, request_bytes = t.request_bytes + "
    "excluded.request_bytes,"
    " response_bytes = t.response_bytes + excluded.response_bytes, units = t.units + "
    "excluded.units,"
    " input_tokens = t.input_tokens + excluded.input_tokens,"
    " output_tokens = t.output_tokens + excluded.output_tokens,"
    " origins = CASE WHEN excluded.origins <@ t.origins THEN t.origins"
    " ELSE callerprint.merge_origins(t.origins, excluded.origins) END,"
    " more_origins = t.more_origins OR excluded.more_origins"
    " OR (cardinality(t.origins) + cardinality(excluded.origins) > 8"
    " AND callerprint.distinct_origins(t.origins, excluded.origins) > 8)"};

constexpr Grain key_operation_hour{
    "key_operation_hour",
    "CREATE TEMPORARY TABLE IF NOT EXISTS in_key_operation_hour (LIKE "
    "callerprint.key_operation_hour)"
    " ON COMMIT DELETE ROWS",
    "hour, key_uid, tenant_uid, service, operation, calls, ok, failed, denied, request_bytes,"
    " response_bytes, units, input_tokens, output_tokens",
    "INSERT INTO callerprint.key_operation_hour AS t (hour, key_uid, tenant_uid, service, "
    "operation,"
    " calls, ok, failed, denied, request_bytes, response_bytes, units, input_tokens, output_tokens)"
    " SELECT * FROM in_key_operation_hour ORDER BY key_uid, tenant_uid, hour, service, operation"
    " ON CONFLICT (key_uid, tenant_uid, hour, service, operation) DO UPDATE SET"
    " calls = t.calls + excluded.calls, ok = t.ok + excluded.ok, failed = t.failed + "
    "excluded.failed,"
    " denied = t.denied + excluded.denied, request_bytes = t.request_bytes + "
    "excluded.request_bytes,"
    " response_bytes = t.response_bytes + excluded.response_bytes, units = t.units + "
    "excluded.units,"
    " input_tokens = t.input_tokens + excluded.input_tokens,"
    " output_tokens = t.output_tokens + excluded.output_tokens"};

constexpr Grain key_origin_hour{
    "key_origin_hour",
    "CREATE TEMPORARY TABLE IF NOT EXISTS in_key_origin_hour (LIKE callerprint.key_origin_hour)"
    " ON COMMIT DELETE ROWS",
    "hour, key_uid, tenant_uid, origin, calls, ok, failed, denied, request_bytes, response_bytes, "
    "units,"
    " input_tokens, output_tokens, first_seen, last_seen, address, asn, as_name, country, client,"
    " record_id",
    "INSERT INTO callerprint.key_origin_hour AS t (hour, key_uid, tenant_uid, origin, calls, ok, "
    "failed,"
    " denied, request_bytes, response_bytes, units, input_tokens, output_tokens, first_seen, "
    "last_seen,"
    " address, asn, as_name, country, client, record_id)"
    " SELECT * FROM in_key_origin_hour ORDER BY key_uid, tenant_uid, hour, origin"
    " ON CONFLICT (key_uid, tenant_uid, hour, origin) DO UPDATE SET"
    " calls = t.calls + excluded.calls, ok = t.ok + excluded.ok, failed = t.failed + "
    "excluded.failed,"
    " denied = t.denied + excluded.denied, request_bytes = t.request_bytes + "
    "excluded.request_bytes,"
    " response_bytes = t.response_bytes + excluded.response_bytes, units = t.units + "
    "excluded.units,"
    " input_tokens = t.input_tokens + excluded.input_tokens,"
    " output_tokens = t.output_tokens + excluded.output_tokens,"
    " first_seen = least(t.first_seen, excluded.first_seen),"
    " last_seen = greatest(t.last_seen, excluded.last_seen),"
    " (address, asn, as_name, country, client, record_id) = (SELECT x.address, x.asn, x.as_name,"
    " x.country, x.client, x.record_id FROM (VALUES (t.first_seen, t.record_id, t.address, t.asn,"
    " t.as_name, t.country, t.client), (excluded.first_seen, excluded.record_id, excluded.address,"
    " excluded.asn, excluded.as_name, excluded.country, excluded.client))"
    " AS x (first_seen, record_id, address, asn, as_name, country, client)"
    " ORDER BY x.first_seen, x.record_id LIMIT 1)"};

constexpr Grain tenant_operation_hour{
    "tenant_operation_hour",
    "CREATE TEMPORARY TABLE IF NOT EXISTS in_tenant_operation_hour (LIKE "
    "callerprint.tenant_operation_hour)"
    " ON COMMIT DELETE ROWS",
    "hour, tenant_uid, service, operation, calls, ok, failed, denied, request_bytes, "
    "response_bytes,"
    " units, input_tokens, output_tokens",
    "INSERT INTO callerprint.tenant_operation_hour AS t (hour, tenant_uid, service, operation, "
    "calls, ok,"
    " failed, denied, request_bytes, response_bytes, units, input_tokens, output_tokens)"
    " SELECT * FROM in_tenant_operation_hour ORDER BY tenant_uid, hour, service, operation"
    " ON CONFLICT (tenant_uid, hour, service, operation) DO UPDATE SET"
    " calls = t.calls + excluded.calls, ok = t.ok + excluded.ok, failed = t.failed + "
    "excluded.failed,"
    " denied = t.denied + excluded.denied, request_bytes = t.request_bytes + "
    "excluded.request_bytes,"
    " response_bytes = t.response_bytes + excluded.response_bytes, units = t.units + "
    "excluded.units,"
    " input_tokens = t.input_tokens + excluded.input_tokens,"
    " output_tokens = t.output_tokens + excluded.output_tokens"};

constexpr Grain coverage{
    "coverage",
    "CREATE TEMPORARY TABLE IF NOT EXISTS in_coverage (LIKE callerprint.coverage) ON COMMIT DELETE "
    "ROWS",
    "source, minute, received, parsed, attributed, late, rejected",
    "INSERT INTO callerprint.coverage AS t (source, minute, received, parsed, attributed, late, "
    "rejected)"
    " SELECT * FROM in_coverage ORDER BY source, minute"
    " ON CONFLICT (source, minute) DO UPDATE SET received = t.received + excluded.received,"
    " parsed = t.parsed + excluded.parsed, attributed = t.attributed + excluded.attributed,"
    " late = t.late + excluded.late, rejected = t.rejected + excluded.rejected"};

// The parts of a primary key together stay below the 2.7 KB that a btree entry may have.
constexpr std::size_t max_uid = 600;
constexpr std::size_t max_service = 250;
constexpr std::size_t max_operation = 600;
constexpr std::size_t max_text = 1'000;

void put_sums(CopyText& out, const rollup::Sums& sums) {
    out.counter(sums.calls).counter(sums.ok).counter(sums.failed).counter(sums.denied);
    out.counter(sums.request_bytes).counter(sums.response_bytes).real(sums.units);
    out.counter(sums.input_tokens).counter(sums.output_tokens);
}

void put(CopyText& out, const rollup::KeyMinute& row) {
    out.time(row.minute).bounded(row.key, max_uid).bounded(row.tenant, max_uid);
    put_sums(out, row.sums);
    out.integers(row.origins).boolean(row.more_origins);
}

void put(CopyText& out, const rollup::KeyOperationHour& row) {
    out.time(row.hour).bounded(row.key, max_uid).bounded(row.tenant, max_uid);
    out.bounded(row.service, max_service).bounded(row.operation, max_operation);
    put_sums(out, row.sums);
}

void put(CopyText& out, const rollup::KeyOriginHour& row) {
    out.time(row.hour).bounded(row.key, max_uid).bounded(row.tenant, max_uid);
    out.bounded(row.origin, max_operation);
    put_sums(out, row.sums);
    out.time(row.first_seen).time(row.last_seen);
    if (const auto address = call::parse_address(row.address)) {
        out.text(call::to_text(*address));
    } else {
        out.null();
    }
    if (row.asn > 0) {
        out.integer(row.asn);
    } else {
        out.null();
    }
    for (const auto* text : {&row.as_name, &row.country, &row.client}) {
        if (text->empty()) {
            out.null();
        } else {
            out.bounded(*text, max_text);
        }
    }
    // Shifted, so that signed order in the table is unsigned order here.
    out.integer(static_cast<std::int64_t>(row.record_id ^ (std::uint64_t{1} << 63)));
}

void put(CopyText& out, const rollup::TenantOperationHour& row) {
    out.time(row.hour).bounded(row.tenant, max_uid);
    out.bounded(row.service, max_service).bounded(row.operation, max_operation);
    put_sums(out, row.sums);
}

void put(CopyText& out, const rollup::CoverageMinute& row) {
    out.bounded(row.source, max_uid).time(row.minute).counter(row.received).counter(row.parsed);
    out.counter(row.attributed).counter(row.late).counter(row.rejected);
}

template <class Row>
void add(const Batch& batch, const Grain& grain, const std::vector<Row>& rows,
         std::vector<Section>& out) {
    if (rows.empty()) return;
    auto& connection = batch.connection;
    Section section;
    section.name = grain.name;
    section.rows = rows.size();
    section.write = [&rows, &grain, &connection](pqxx::dbtransaction& tx, std::size_t begin,
                                                 std::size_t end) {
        const std::string table = std::string("in_") + grain.name;
        if (connection.first_use(table)) {
            tx.exec(grain.make);
            connection.raw().prepare("merge_" + table, grain.merge);
        }
        // The half before this one stands in it.
        if (begin != 0 || end != rows.size()) tx.exec("TRUNCATE " + table);
        std::string lines;
        lines.reserve((end - begin) * 160);
        CopyText text(lines);
        for (std::size_t i = begin; i < end; ++i) {
            put(text, rows[i]);
            if (i + 1 < end) text.end_row();
        }
        copy_lines(tx, table, grain.columns, lines);
        tx.exec_prepared("merge_" + table);
    };
    section.letter = [&rows](std::size_t row) {
        DeadLetter letter;
        CopyText text(letter.sample);
        put(text, rows[row]);
        return letter;
    };
    out.push_back(std::move(section));
}

}  // namespace

void add_rollup_sections(const Batch& batch, std::vector<Section>& out) {
    const auto& rows = batch.effects.rollup;
    add(batch, key_minute, rows.key_minutes, out);
    add(batch, key_operation_hour, rows.key_operation_hours, out);
    add(batch, key_origin_hour, rows.key_origin_hours, out);
    add(batch, tenant_operation_hour, rows.tenant_operation_hours, out);
    add(batch, coverage, rows.coverage_minutes, out);
}

}  // namespace store
