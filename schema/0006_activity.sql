-- Batches append what they added up to one table, without an index and without merging: the key's,
-- tenant's and origin's own rows are made of it a little later, many batches at once. Appending is
-- several times cheaper than four upserts a row, and the views below add up both, so that nothing
-- can be seen to wait.
-- Columns with a default are left out of a batch in which they say nothing.
CREATE TABLE callerprint.activity (
    first_seen timestamptz NOT NULL, -- first and last call, both in one minute
    last_seen timestamptz NOT NULL,
    tenant_uid text NOT NULL,
    key_uid text NOT NULL,
    service text NOT NULL,
    operation text NOT NULL,
    origin text NOT NULL,
    origin_hash bigint, -- XXH3-64 of the origin; NULL when the calls name none
    calls bigint NOT NULL,
    ok bigint NOT NULL,
    failed bigint NOT NULL,
    denied bigint NOT NULL DEFAULT 0,
    request_bytes bigint NOT NULL DEFAULT 0,
    response_bytes bigint NOT NULL DEFAULT 0,
    units double precision NOT NULL DEFAULT 0,
    input_tokens bigint NOT NULL DEFAULT 0,
    output_tokens bigint NOT NULL DEFAULT 0,
    -- An example: of the earliest call, and of the least record id among those of the same time.
    address inet,
    client text,
    record_id bigint NOT NULL,
    asn bigint DEFAULT NULL,
    as_name text DEFAULT NULL,
    country text DEFAULT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000,
        autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0);

-- Counters stop at the greatest number instead of failing: what a forged log adds up to must not
-- keep all others from being merged.
CREATE FUNCTION callerprint.plus(a bigint, b bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN a > 9223372036854775807 - b THEN 9223372036854775807 ELSE a + b END $$;
CREATE FUNCTION callerprint.whole(total numeric) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT least(total, 9223372036854775807)::bigint $$;

-- The least nine distinct origins: eight are kept, the ninth says that there were more. Strict, so
-- that the first array of a group costs no call.
CREATE FUNCTION callerprint.add_origins(a bigint[], b bigint[]) RETURNS bigint[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(o ORDER BY o), '{}')
    FROM (SELECT o FROM (SELECT unnest(a) UNION SELECT unnest(b)) AS u (o) ORDER BY o LIMIT 9) AS least
$$;
CREATE AGGREGATE callerprint.least_origins(bigint[]) (
    SFUNC = callerprint.add_origins, STYPE = bigint[], PARALLEL = SAFE);

CREATE TYPE callerprint.example AS (address inet, asn bigint, as_name text, country text, client text);

-- Moves the activity of some pages into the four rollups: pages [from_page, to_page) by ctid. One
-- statement, so that all see the same rows, once. Sorted, which keeps index pages warm. Returns how
-- many rows were taken.
CREATE FUNCTION callerprint.merge_activity(from_page tid, to_page tid) RETURNS bigint
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
)
SELECT count(*) FROM taken $$;

-- Each grain's rows with what waits to be merged into them, not yet added up.
CREATE VIEW callerprint.key_minute_parts AS
SELECT minute, key_uid, tenant_uid, calls, ok, failed, denied, request_bytes, response_bytes, units,
       input_tokens, output_tokens, origins, more_origins
FROM callerprint.key_minute
UNION ALL
SELECT date_trunc('minute', first_seen, 'UTC'), key_uid, tenant_uid, calls, ok, failed, denied,
       request_bytes, response_bytes, units, input_tokens, output_tokens, array_remove(ARRAY[origin_hash], NULL), false
FROM callerprint.activity;

CREATE VIEW callerprint.key_operation_parts AS
SELECT hour, key_uid, tenant_uid, service, operation, calls, ok, failed, denied, request_bytes,
       response_bytes, units, input_tokens, output_tokens
FROM callerprint.key_operation_hour
UNION ALL
SELECT date_trunc('hour', first_seen, 'UTC'), key_uid, tenant_uid, service, operation, calls, ok, failed,
       denied, request_bytes, response_bytes, units, input_tokens, output_tokens
FROM callerprint.activity;

CREATE VIEW callerprint.key_origin_parts AS
SELECT hour, key_uid, tenant_uid, origin, calls, ok, failed, denied, units, first_seen, last_seen,
       record_id, (address, asn, as_name, country, client)::callerprint.example AS example
FROM callerprint.key_origin_hour
UNION ALL
SELECT date_trunc('hour', first_seen, 'UTC'), key_uid, tenant_uid, origin, calls, ok, failed, denied, units,
       first_seen, last_seen, record_id, (address, asn, as_name, country, client)::callerprint.example
FROM callerprint.activity;

CREATE VIEW callerprint.tenant_operation_parts AS
SELECT hour, tenant_uid, service, operation, calls, ok, failed, denied, request_bytes, response_bytes,
       units, input_tokens, output_tokens
FROM callerprint.tenant_operation_hour
UNION ALL
SELECT date_trunc('hour', first_seen, 'UTC'), tenant_uid, service, operation, calls, ok, failed, denied,
       request_bytes, response_bytes, units, input_tokens, output_tokens
FROM callerprint.activity;

CREATE OR REPLACE VIEW investigate.key_activity AS
SELECT minute, tenant_uid, key_uid, callerprint.whole(sum(calls)) AS calls,
       callerprint.whole(sum(ok)) AS ok, callerprint.whole(sum(failed)) AS failed,
       callerprint.whole(sum(denied)) AS denied, callerprint.whole(sum(request_bytes)) AS request_bytes,
       callerprint.whole(sum(response_bytes)) AS response_bytes, sum(units) AS units,
       callerprint.whole(sum(input_tokens)) AS input_tokens,
       callerprint.whole(sum(output_tokens)) AS output_tokens,
       least(cardinality(callerprint.least_origins(origins)), 8) AS origins,
       bool_or(more_origins) OR cardinality(callerprint.least_origins(origins)) > 8 AS more_origins
FROM callerprint.key_minute_parts GROUP BY minute, tenant_uid, key_uid;

CREATE OR REPLACE VIEW investigate.key_operations AS
SELECT hour, tenant_uid, key_uid, service, operation, callerprint.whole(sum(calls)) AS calls,
       callerprint.whole(sum(ok)) AS ok, callerprint.whole(sum(failed)) AS failed,
       callerprint.whole(sum(denied)) AS denied, callerprint.whole(sum(request_bytes)) AS request_bytes,
       callerprint.whole(sum(response_bytes)) AS response_bytes, sum(units) AS units,
       callerprint.whole(sum(input_tokens)) AS input_tokens,
       callerprint.whole(sum(output_tokens)) AS output_tokens
FROM callerprint.key_operation_parts GROUP BY hour, tenant_uid, key_uid, service, operation;

CREATE OR REPLACE VIEW investigate.key_origins AS
SELECT hour, tenant_uid, key_uid, origin, calls, ok, failed, denied, units, first_seen, last_seen,
       (example).address, (example).asn, (example).as_name, (example).country, (example).client
FROM (SELECT hour, tenant_uid, key_uid, origin, callerprint.whole(sum(calls)) AS calls,
             callerprint.whole(sum(ok)) AS ok, callerprint.whole(sum(failed)) AS failed,
             callerprint.whole(sum(denied)) AS denied, sum(units) AS units,
             min(first_seen) AS first_seen, max(last_seen) AS last_seen,
             (array_agg(example ORDER BY first_seen, record_id))[1] AS example
      FROM callerprint.key_origin_parts GROUP BY hour, tenant_uid, key_uid, origin) AS added;

CREATE OR REPLACE VIEW investigate.origins AS
SELECT origin, first_seen, last_seen, calls, failed, keys, tenants, (example).address, (example).asn,
       (example).as_name, (example).country, (example).client
FROM (SELECT origin, min(first_seen) AS first_seen, max(last_seen) AS last_seen,
             callerprint.whole(sum(calls)) AS calls, callerprint.whole(sum(failed)) AS failed,
             count(DISTINCT key_uid) AS keys, count(DISTINCT tenant_uid) AS tenants,
             (array_agg(example ORDER BY first_seen, record_id))[1] AS example
      FROM callerprint.key_origin_parts GROUP BY origin) AS added;

CREATE OR REPLACE VIEW investigate.tenant_operations AS
SELECT hour, tenant_uid, service, operation, callerprint.whole(sum(calls)) AS calls,
       callerprint.whole(sum(ok)) AS ok, callerprint.whole(sum(failed)) AS failed,
       callerprint.whole(sum(denied)) AS denied, callerprint.whole(sum(request_bytes)) AS request_bytes,
       callerprint.whole(sum(response_bytes)) AS response_bytes, sum(units) AS units,
       callerprint.whole(sum(input_tokens)) AS input_tokens,
       callerprint.whole(sum(output_tokens)) AS output_tokens
FROM callerprint.tenant_operation_parts GROUP BY hour, tenant_uid, service, operation;

CREATE OR REPLACE VIEW investigate.keys AS
SELECT k.uid AS key_uid, k.tenant AS tenant_uid, true AS registered, nullif(k.status, '') AS status,
       k.created, k.revoked, k.declared_origin, s.first_hour, s.last_hour, coalesce(s.calls,
              0) AS calls,
       coalesce(s.failed, 0) AS failed, coalesce(s.denied, 0) AS denied, coalesce(s.units, 0) AS units
FROM callerprint.keys k
LEFT JOIN (SELECT key_uid, min(hour) AS first_hour, max(hour) AS last_hour,
                  callerprint.whole(sum(calls)) AS calls, callerprint.whole(sum(failed)) AS failed,
                  callerprint.whole(sum(denied)) AS denied, sum(units) AS units
           FROM callerprint.key_operation_parts GROUP BY key_uid) s ON s.key_uid = k.uid
UNION ALL
SELECT s.key_uid, min(s.tenant_uid), false, NULL, NULL, NULL, NULL, min(s.hour), max(s.hour),
       callerprint.whole(sum(s.calls)), callerprint.whole(sum(s.failed)),
       callerprint.whole(sum(s.denied)), sum(s.units)
FROM callerprint.key_operation_parts s
WHERE s.key_uid NOT IN ('', '(other)')
  AND NOT EXISTS (SELECT FROM callerprint.keys k WHERE k.uid = s.key_uid)
GROUP BY s.key_uid;

CREATE OR REPLACE VIEW investigate.tenants AS
SELECT t.uid AS tenant_uid, true AS registered, nullif(t.name, '') AS name, nullif(t.tier, '') AS tier,
       nullif(t.status, '') AS status, t.created, nullif(t.country, '') AS country,
       nullif(t.party, '') AS party_uid, s.first_hour, s.last_hour, coalesce(s.calls, 0) AS calls,
       coalesce(s.failed, 0) AS failed, coalesce(s.units, 0) AS units
FROM callerprint.tenants t
LEFT JOIN (SELECT tenant_uid, min(hour) AS first_hour, max(hour) AS last_hour,
                  callerprint.whole(sum(calls)) AS calls, callerprint.whole(sum(failed)) AS failed,
                  sum(units) AS units
           FROM callerprint.tenant_operation_parts GROUP BY tenant_uid) s ON s.tenant_uid = t.uid
UNION ALL
SELECT s.tenant_uid, false, NULL, NULL, NULL, NULL, NULL, NULL, min(s.hour), max(s.hour),
       callerprint.whole(sum(s.calls)), callerprint.whole(sum(s.failed)), sum(s.units)
FROM callerprint.tenant_operation_parts s
WHERE s.tenant_uid NOT IN ('', '(other)')
  AND NOT EXISTS (SELECT FROM callerprint.tenants t WHERE t.uid = s.tenant_uid)
GROUP BY s.tenant_uid;

COMMENT ON COLUMN investigate.key_activity.key_uid IS 'Key; empty when the calls do not say.';
COMMENT ON COLUMN investigate.key_operations.key_uid IS 'Key; empty when the calls do not say.';
COMMENT ON COLUMN investigate.key_origins.key_uid IS 'Key; empty when the calls do not say.';
COMMENT ON COLUMN investigate.tenant_operations.tenant_uid IS 'Customer account; empty when the calls do not say.';

-- A view's functions run as its reader.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA callerprint FROM PUBLIC;
GRANT EXECUTE ON FUNCTION callerprint.whole(numeric), callerprint.least_origins(bigint[])
    TO callerprint_read;
