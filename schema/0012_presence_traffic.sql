-- The questions "who calls from there, with that software, under these tenants" over the rollups. By
-- address, so that a network is a range; equal entries of a btree share their key, so the others
-- take 8 bytes a row.
CREATE INDEX key_origin_hour_address ON callerprint.key_origin_hour (address);
CREATE INDEX key_origin_hour_asn ON callerprint.key_origin_hour (asn);
CREATE INDEX key_origin_hour_client ON callerprint.key_origin_hour (split_part(client, ' ', 1));
CREATE INDEX key_origin_hour_tenant ON callerprint.key_origin_hour (tenant_uid, hour);

-- When a batch was stored. On rows that waited at the migration it is the migration's time.
ALTER TABLE callerprint.activity ADD COLUMN stored_at timestamptz NOT NULL DEFAULT now();

-- Calls that came more than an hour after their hour had ended, by when they came: what an answer of
-- an earlier moment must leave out of the rollups. Appended only, in the order of arrival, so a BRIN
-- finds the end of it and costs nothing to keep.
CREATE TABLE callerprint.late_activity (
    arrived_at timestamptz NOT NULL,
    key_uid text NOT NULL,
    tenant_uid text NOT NULL,
    hour timestamptz NOT NULL,
    service text NOT NULL, -- by operation, since licences are judged by it
    operation text NOT NULL,
    origin text NOT NULL,
    calls bigint NOT NULL,
    ok bigint NOT NULL,
    failed bigint NOT NULL
);
CREATE INDEX late_activity_arrived ON callerprint.late_activity USING brin (arrived_at)
    WITH (pages_per_range = 32);

-- As before, and what came late also goes to the ledger: moves the activity of some pages into the
-- four rollups, pages [from_page, to_page) by ctid. One statement, so that all see the same rows,
-- once. Sorted, which keeps index pages warm. Returns how many rows were taken.
CREATE OR REPLACE FUNCTION callerprint.merge_activity(from_page tid, to_page tid) RETURNS bigint
LANGUAGE sql AS $$
WITH taken AS MATERIALIZED (
    DELETE FROM callerprint.activity WHERE ctid >= from_page AND ctid < to_page RETURNING *
), timed AS (
    SELECT date_trunc('minute', first_seen, 'UTC') AS minute,
           date_trunc('hour', first_seen, 'UTC') AS hour, * FROM taken
), key_minutes AS (
    INSERT INTO callerprint.key_minute AS t
        (key_uid, tenant_uid, minute, calls, ok, failed, denied, request_bytes, response_bytes, units,
         input_tokens, output_tokens, origins, more_origins)
    SELECT key_uid, tenant_uid, minute, callerprint.whole(sum(calls)), callerprint.whole(sum(ok)),
           callerprint.whole(sum(failed)),
           callerprint.whole(sum(denied)), callerprint.whole(sum(request_bytes)),
           callerprint.whole(sum(response_bytes)), sum(units), callerprint.whole(sum(input_tokens)),
           callerprint.whole(sum(output_tokens)),
           coalesce((array_agg(DISTINCT origin_hash) FILTER (WHERE origin_hash IS NOT NULL))[1:8],
                  '{}'),
           count(DISTINCT origin_hash) > 8
    FROM timed GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (key_uid, tenant_uid, minute) DO UPDATE SET
        calls = callerprint.plus(t.calls, excluded.calls), ok = callerprint.plus(t.ok, excluded.ok),
        failed = callerprint.plus(t.failed, excluded.failed),
        denied = callerprint.plus(t.denied, excluded.denied),
        request_bytes = callerprint.plus(t.request_bytes, excluded.request_bytes),
        response_bytes = callerprint.plus(t.response_bytes, excluded.response_bytes),
        units = t.units + excluded.units,
        input_tokens = callerprint.plus(t.input_tokens, excluded.input_tokens),
        output_tokens = callerprint.plus(t.output_tokens, excluded.output_tokens),
        origins = CASE WHEN excluded.origins <@ t.origins THEN t.origins
            ELSE (callerprint.add_origins(t.origins, excluded.origins))[1:8] END,
        more_origins = t.more_origins OR excluded.more_origins
            OR (cardinality(t.origins) + cardinality(excluded.origins) > 8
                AND cardinality(callerprint.add_origins(t.origins, excluded.origins)) > 8)
), key_operations AS (
    INSERT INTO callerprint.key_operation_hour AS t
        (key_uid, tenant_uid, hour, service, operation, calls, ok, failed, denied, request_bytes,
         response_bytes, units, input_tokens, output_tokens)
    SELECT key_uid, tenant_uid, hour, service, operation, callerprint.whole(sum(calls)),
           callerprint.whole(sum(ok)), callerprint.whole(sum(failed)),
           callerprint.whole(sum(denied)), callerprint.whole(sum(request_bytes)),
           callerprint.whole(sum(response_bytes)), sum(units), callerprint.whole(sum(input_tokens)),
           callerprint.whole(sum(output_tokens))
    FROM timed GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (key_uid, tenant_uid, hour, service, operation) DO UPDATE SET
        calls = callerprint.plus(t.calls, excluded.calls), ok = callerprint.plus(t.ok, excluded.ok),
        failed = callerprint.plus(t.failed, excluded.failed),
        denied = callerprint.plus(t.denied, excluded.denied),
        request_bytes = callerprint.plus(t.request_bytes, excluded.request_bytes),
        response_bytes = callerprint.plus(t.response_bytes, excluded.response_bytes),
        units = t.units + excluded.units,
        input_tokens = callerprint.plus(t.input_tokens, excluded.input_tokens),
        output_tokens = callerprint.plus(t.output_tokens, excluded.output_tokens)
), examples AS (
    SELECT DISTINCT ON (key_uid, tenant_uid, hour, origin)
           key_uid, tenant_uid, hour, origin, address, asn, as_name, country, client, record_id
    FROM timed ORDER BY key_uid, tenant_uid, hour, origin, first_seen, record_id
), key_origins AS (
    INSERT INTO callerprint.key_origin_hour AS t
        (key_uid, tenant_uid, hour, origin, calls, ok, failed, denied, request_bytes, response_bytes,
         units, input_tokens, output_tokens,
         first_seen, last_seen, address, asn, as_name, country, client, record_id)
    SELECT added.*, e.address, e.asn, e.as_name, e.country, e.client, e.record_id
    FROM (SELECT key_uid, tenant_uid, hour, origin, callerprint.whole(sum(calls)),
        callerprint.whole(sum(ok)), callerprint.whole(sum(failed)),
           callerprint.whole(sum(denied)), callerprint.whole(sum(request_bytes)),
           callerprint.whole(sum(response_bytes)), sum(units), callerprint.whole(sum(input_tokens)),
           callerprint.whole(sum(output_tokens)), min(first_seen), max(last_seen)
          FROM timed GROUP BY 1, 2, 3, 4) AS added
    JOIN examples AS e USING (key_uid, tenant_uid, hour, origin)
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (key_uid, tenant_uid, hour, origin) DO UPDATE SET
        calls = callerprint.plus(t.calls, excluded.calls), ok = callerprint.plus(t.ok, excluded.ok),
        failed = callerprint.plus(t.failed, excluded.failed),
        denied = callerprint.plus(t.denied, excluded.denied),
        request_bytes = callerprint.plus(t.request_bytes, excluded.request_bytes),
        response_bytes = callerprint.plus(t.response_bytes, excluded.response_bytes),
        units = t.units + excluded.units,
        input_tokens = callerprint.plus(t.input_tokens, excluded.input_tokens),
        output_tokens = callerprint.plus(t.output_tokens, excluded.output_tokens),
        (address, asn, as_name, country, client, record_id) = (
            SELECT x.address, x.asn, x.as_name, x.country, x.client, x.record_id
            FROM (VALUES
                (t.first_seen, t.record_id, t.address, t.asn, t.as_name, t.country, t.client),
                (excluded.first_seen, excluded.record_id, excluded.address, excluded.asn,
                 excluded.as_name, excluded.country, excluded.client))
                AS x (first_seen, record_id, address, asn, as_name, country, client)
            ORDER BY x.first_seen, x.record_id LIMIT 1),
        first_seen = least(t.first_seen, excluded.first_seen),
        last_seen = greatest(t.last_seen, excluded.last_seen)
), tenant_operations AS (
    INSERT INTO callerprint.tenant_operation_hour AS t (tenant_uid, hour, service, operation, calls,
        ok, failed, denied, request_bytes, response_bytes, units, input_tokens, output_tokens)
    SELECT tenant_uid, hour, service, operation, callerprint.whole(sum(calls)),
           callerprint.whole(sum(ok)), callerprint.whole(sum(failed)),
           callerprint.whole(sum(denied)), callerprint.whole(sum(request_bytes)),
           callerprint.whole(sum(response_bytes)), sum(units), callerprint.whole(sum(input_tokens)),
           callerprint.whole(sum(output_tokens))
    FROM timed GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (tenant_uid, hour, service, operation) DO UPDATE SET
        calls = callerprint.plus(t.calls, excluded.calls), ok = callerprint.plus(t.ok, excluded.ok),
        failed = callerprint.plus(t.failed, excluded.failed),
        denied = callerprint.plus(t.denied, excluded.denied),
        request_bytes = callerprint.plus(t.request_bytes, excluded.request_bytes),
        response_bytes = callerprint.plus(t.response_bytes, excluded.response_bytes),
        units = t.units + excluded.units,
        input_tokens = callerprint.plus(t.input_tokens, excluded.input_tokens),
        output_tokens = callerprint.plus(t.output_tokens, excluded.output_tokens)
), late AS (
    INSERT INTO callerprint.late_activity
        (arrived_at, key_uid, tenant_uid, hour, service, operation, origin, calls, ok, failed)
    SELECT stored_at, key_uid, tenant_uid, hour, service, operation, origin, callerprint.whole(sum(calls)),
           callerprint.whole(sum(ok)), callerprint.whole(sum(failed))
    FROM timed WHERE stored_at >= hour + interval '2 hours' GROUP BY 1, 2, 3, 4, 5, 6, 7
)
SELECT count(*) FROM taken $$;

-- The ledger with what waits and will be in it, so that merging changes nothing.
CREATE VIEW callerprint.late_parts AS
SELECT arrived_at, key_uid, tenant_uid, hour, service, operation, origin, calls, ok, failed
FROM callerprint.late_activity
UNION ALL
SELECT stored_at, key_uid, tenant_uid, date_trunc('hour', first_seen, 'UTC'), service, operation, origin,
       calls, ok, failed
FROM callerprint.activity
WHERE stored_at >= date_trunc('hour', first_seen, 'UTC') + interval '2 hours';
