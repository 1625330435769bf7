-- What was known at a moment, exactly: an answer as of then repeats what was answered then, whatever
-- has come since (docs/explanation/presence.md).

-- The clock of what is known. Whoever writes something that answers are made of, but for batches,
-- takes this row first and stamps what it writes later than any question that was asked before; a
-- question takes it too, and so waits for what is being written. Nothing before `since` can be told.
CREATE TABLE callerprint.knowledge (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    since timestamptz NOT NULL,
    asked_at timestamptz,
    recorded_at timestamptz NOT NULL
);
INSERT INTO callerprint.knowledge (since, recorded_at) VALUES (now(), now());
CREATE FUNCTION callerprint.record_time() RETURNS timestamptz LANGUAGE sql AS $$
    UPDATE callerprint.knowledge
    SET recorded_at = greatest(clock_timestamp(), recorded_at, asked_at) + interval '1 microsecond'
    RETURNING recorded_at
$$;
-- The same for batches, which take this row anyway: one that began before the last question and was
-- not seen by it begins anew.
ALTER TABLE callerprint.source_position ADD COLUMN asked_at timestamptz;

-- Moments at which somebody asked about hours that were not over for an hour. What comes for such an
-- hour is kept apart by these moments, and only by these: apart by batches it would be as much as the
-- calls themselves.
CREATE TABLE callerprint.moments (at timestamptz PRIMARY KEY);

ALTER TABLE callerprint.batch_chain
    ADD COLUMN stored_at timestamptz NOT NULL DEFAULT now(), -- when its batch began to be stored
    ADD COLUMN watermark timestamptz;
CREATE INDEX batch_chain_stored ON callerprint.batch_chain (source, partition, stored_at, n);

-- What is replaced stays, with the time from which on something else was known.
ALTER TABLE callerprint.expectations
    ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT '-infinity', ADD COLUMN replaced_at timestamptz,
    DROP CONSTRAINT expectations_pkey;
CREATE UNIQUE INDEX expectations_now ON callerprint.expectations (source, since) WHERE replaced_at IS NULL;
ALTER TABLE callerprint.source_counters
    ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT '-infinity', ADD COLUMN replaced_at timestamptz,
    DROP CONSTRAINT source_counters_pkey;
CREATE UNIQUE INDEX source_counters_now ON callerprint.source_counters (source, from_time)
    WHERE replaced_at IS NULL;
ALTER TABLE callerprint.sequence_holes
    ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT '-infinity', ADD COLUMN replaced_at timestamptz,
    DROP CONSTRAINT sequence_holes_pkey;
CREATE UNIQUE INDEX sequence_holes_now ON callerprint.sequence_holes (source, producer, first)
    WHERE replaced_at IS NULL;
ALTER TABLE callerprint.sequence_holes ALTER COLUMN recorded_at SET DEFAULT now();
ALTER TABLE callerprint.producers ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT '-infinity';
ALTER TABLE callerprint.producers ALTER COLUMN recorded_at SET DEFAULT now();
ALTER TABLE callerprint.gap_acknowledgements ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT '-infinity';
ALTER TABLE callerprint.canaries ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT '-infinity';
ALTER TABLE callerprint.key_index
    ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT '-infinity', ADD COLUMN replaced_at timestamptz,
    DROP CONSTRAINT key_index_pkey;
CREATE UNIQUE INDEX key_index_now ON callerprint.key_index (key_uid, kind, length) WHERE replaced_at IS NULL;
CREATE INDEX key_index_key ON callerprint.key_index (key_uid, kind);

-- What retention took, by when: an answer that rests on it can not be repeated.
ALTER TABLE callerprint.dropped
    ADD COLUMN noted_at timestamptz NOT NULL DEFAULT '-infinity', DROP CONSTRAINT dropped_pkey,
    ADD PRIMARY KEY (parent, before);
CREATE OR REPLACE FUNCTION callerprint.note_dropped(parent_table text, up_to timestamptz) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO callerprint.dropped (parent, before, noted_at)
    SELECT parent_table, up_to, callerprint.record_time()
    WHERE up_to > (SELECT coalesce(max(before), '-infinity') FROM callerprint.dropped
                   WHERE parent = parent_table)
$$;

-- Deletes what is older, and notes up to where what follows from it is gone.
CREATE FUNCTION callerprint.sweep(swept text, by_column text, before timestamptz, parent_table text,
                                  up_to text) RETURNS SETOF boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'WITH gone AS (DELETE FROM callerprint.%I WHERE %I < $1 RETURNING %I AS at),'
        ' noted AS MATERIALIZED (SELECT callerprint.note_dropped(%L, max(at) + interval ''1 microsecond'') FROM gone)'
        ' SELECT true FROM gone, (SELECT count(*) FROM noted) AS once',
        swept, by_column, up_to, parent_table) USING before;
END $$;

-- The part of coverage that came when its hour had been over for an hour, or after a moment.
CREATE TABLE callerprint.late_coverage (
    arrived_at timestamptz NOT NULL,
    source text NOT NULL,
    minute timestamptz NOT NULL,
    received bigint NOT NULL,
    parsed bigint NOT NULL,
    attributed bigint NOT NULL,
    late bigint NOT NULL,
    rejected bigint NOT NULL,
    heartbeats bigint NOT NULL,
    set_aside bigint NOT NULL,
    ahead bigint NOT NULL
);
CREATE INDEX late_coverage_arrived ON callerprint.late_coverage USING brin (arrived_at)
    WITH (pages_per_range = 32);
-- When something for an hour counts as come, for the ledgers: nothing while nobody can ask of a
-- moment before it.
CREATE FUNCTION callerprint.arrival(hour timestamptz, stored_at timestamptz, asked timestamptz)
RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN stored_at >= hour + interval '2 hours' THEN stored_at
                WHEN asked >= hour THEN asked + interval '1 microsecond' END $$;
-- As it was at a moment behind all that is asked about. Inlined, so that conditions reach the indexes.
CREATE FUNCTION callerprint.coverage_then(moment timestamptz)
RETURNS TABLE (source text, minute timestamptz, received numeric, parsed numeric, attributed numeric,
               late numeric, rejected numeric, heartbeats numeric, set_aside numeric, ahead numeric)
LANGUAGE sql STABLE AS $$
    SELECT source, minute, sum(received), sum(parsed), sum(attributed), sum(late), sum(rejected),
           sum(heartbeats), sum(set_aside), sum(ahead)
    FROM (SELECT source, minute, received, parsed, attributed, late, rejected, heartbeats, set_aside, ahead
          FROM callerprint.coverage
          UNION ALL
          SELECT source, minute, -received, -parsed, -attributed, -late, -rejected, -heartbeats,
                 -set_aside, -ahead
          FROM callerprint.late_coverage WHERE arrived_at > moment) AS parts
    GROUP BY source, minute
    HAVING sum(received) <> 0 OR sum(heartbeats) <> 0 OR sum(ahead) <> 0
$$;

-- What else a row of the ledger says; NULL in one from before, which is in the rollups for good.
CREATE TYPE callerprint.first_call AS (record_id bigint, address inet, asn bigint, as_name text, client text);
ALTER TABLE callerprint.late_activity
    ADD COLUMN first_seen timestamptz, ADD COLUMN last_seen timestamptz,
    ADD COLUMN first_call callerprint.first_call;
-- A row that holds calls of the ledger says so, and has what it would be without them here: least and
-- greatest can not be taken off again.
ALTER TABLE callerprint.key_origin_hour ADD COLUMN late boolean;
CREATE TABLE callerprint.in_time (
    hour timestamptz NOT NULL,
    key_uid text NOT NULL,
    tenant_uid text NOT NULL,
    origin text NOT NULL,
    calls bigint NOT NULL,
    ok bigint NOT NULL,
    failed bigint NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    first_call callerprint.first_call NOT NULL,
    PRIMARY KEY (key_uid, tenant_uid, hour, origin)
);

-- As before, and what an answer of an earlier moment leaves out goes to the ledger: moves the activity
-- of some pages into the four rollups, pages [from_page, to_page) by ctid. One statement, so that all
-- see the same rows, once. Sorted, which keeps index pages warm. Returns how many rows were taken.
CREATE OR REPLACE FUNCTION callerprint.merge_activity(from_page tid, to_page tid) RETURNS bigint
LANGUAGE sql AS $$
WITH taken AS MATERIALIZED (
    DELETE FROM callerprint.activity WHERE ctid >= from_page AND ctid < to_page RETURNING *
), stamps AS (
    SELECT stored_at, (SELECT max(at) FROM callerprint.moments WHERE at < stored_at) AS asked
    FROM (SELECT DISTINCT stored_at FROM taken) AS s
), timed AS (
    SELECT date_trunc('minute', first_seen, 'UTC') AS minute, h.hour, taken.*,
           callerprint.arrival(h.hour, stored_at, asked) AS arrived_at
    FROM taken JOIN stamps USING (stored_at),
         LATERAL (SELECT date_trunc('hour', first_seen, 'UTC') AS hour) AS h
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
         first_seen, last_seen, late, address, asn, as_name, country, client, record_id)
    SELECT added.*, e.address, e.asn, e.as_name, e.country, e.client, e.record_id
    FROM (SELECT key_uid, tenant_uid, hour, origin, callerprint.whole(sum(calls)),
        callerprint.whole(sum(ok)), callerprint.whole(sum(failed)),
           callerprint.whole(sum(denied)), callerprint.whole(sum(request_bytes)),
           callerprint.whole(sum(response_bytes)), sum(units), callerprint.whole(sum(input_tokens)),
           callerprint.whole(sum(output_tokens)), min(first_seen), max(last_seen),
           nullif(bool_or(arrived_at IS NOT NULL), false)
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
        last_seen = greatest(t.last_seen, excluded.last_seen),
        late = coalesce(t.late, excluded.late)
    RETURNING t.key_uid, t.tenant_uid, t.hour, t.origin, t.late
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
), mixed AS ( -- with the row as it was before: this statement does not see what it writes
    SELECT k.*, (SELECT o FROM callerprint.key_origin_hour AS o
                 WHERE o.key_uid = k.key_uid AND o.tenant_uid = k.tenant_uid AND o.hour = k.hour
                   AND o.origin = k.origin) AS before
    FROM key_origins AS k WHERE k.late
), in_time AS (
    INSERT INTO callerprint.in_time AS t
        (hour, key_uid, tenant_uid, origin, calls, ok, failed, first_seen, last_seen, first_call)
    SELECT hour, key_uid, tenant_uid, origin, callerprint.whole(sum(calls)), callerprint.whole(sum(ok)),
           callerprint.whole(sum(failed)), min(first_seen), max(last_seen),
           (array_agg(first_call ORDER BY first_seen, (first_call).record_id))[1]
    FROM (SELECT hour, key_uid, tenant_uid, origin, (before).calls, (before).ok, (before).failed,
                 (before).first_seen, (before).last_seen,
                 ((before).record_id, (before).address, (before).asn, (before).as_name,
                  (before).client)::callerprint.first_call AS first_call
          FROM mixed WHERE (before).hour IS NOT NULL AND (before).late IS NULL
          UNION ALL
          SELECT hour, key_uid, tenant_uid, origin, calls, ok, failed, first_seen, last_seen,
                 (record_id, address, asn, as_name, client)::callerprint.first_call
          FROM mixed JOIN timed USING (hour, key_uid, tenant_uid, origin) WHERE arrived_at IS NULL
         ) AS parts
    GROUP BY 1, 2, 3, 4 ORDER BY 2, 3, 1, 4
    ON CONFLICT (key_uid, tenant_uid, hour, origin) DO UPDATE SET
        calls = callerprint.plus(t.calls, excluded.calls), ok = callerprint.plus(t.ok, excluded.ok),
        failed = callerprint.plus(t.failed, excluded.failed),
        first_call = CASE WHEN (excluded.first_seen, (excluded.first_call).record_id)
                             < (t.first_seen, (t.first_call).record_id)
            THEN excluded.first_call ELSE t.first_call END,
        first_seen = least(t.first_seen, excluded.first_seen),
        last_seen = greatest(t.last_seen, excluded.last_seen)
), late AS (
    INSERT INTO callerprint.late_activity
        (arrived_at, key_uid, tenant_uid, hour, service, operation, origin, calls, ok, failed,
         first_seen, last_seen, first_call)
    SELECT arrived_at, key_uid, tenant_uid, hour, service, operation, origin, callerprint.whole(sum(calls)),
           callerprint.whole(sum(ok)), callerprint.whole(sum(failed)), min(first_seen), max(last_seen),
           (array_agg((record_id, address, asn, as_name, client)::callerprint.first_call
                      ORDER BY first_seen, record_id))[1]
    FROM timed WHERE arrived_at IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7
)
SELECT count(*) FROM taken $$;

-- Everything by when it came, as exactly as anybody can ask: what waits by its batch.
CREATE OR REPLACE VIEW callerprint.late_parts AS
SELECT arrived_at, key_uid, tenant_uid, hour, service, operation, origin, calls, ok, failed
FROM callerprint.late_activity WHERE tenant_uid <> '(canary)'
UNION ALL
SELECT stored_at, key_uid, tenant_uid, date_trunc('hour', first_seen, 'UTC'), service, operation, origin,
       calls, ok, failed
FROM callerprint.activity WHERE tenant_uid <> '(canary)';

-- As before, of what stands.
CREATE OR REPLACE VIEW investigate.coverage_gaps AS
WITH segments AS (
    SELECT source, since, every,
           least(coalesce(lead(since) OVER (PARTITION BY source ORDER BY since), now()), now()) AS until
    FROM callerprint.expectations WHERE replaced_at IS NULL
), expected AS (
    SELECT source, since, every, until FROM segments WHERE every IS NOT NULL AND since < until
), marks AS ( -- where a time without a sign may end, and where the next one begins
    SELECT source, since, every, since AS mark, since AS again FROM expected
    UNION ALL
    SELECT source, since, every, until, until FROM expected
    UNION ALL
    SELECT e.source, e.since, e.every, greatest(c.minute, e.since), c.minute + interval '1 minute'
    FROM expected e JOIN callerprint.coverage c ON c.source = e.source
    WHERE c.received + c.heartbeats > 0 AND c.minute < e.until
      AND c.minute + interval '1 minute' > e.since
), runs AS (
    SELECT source, every, mark AS to_time,
           max(again) OVER (PARTITION BY source, since ORDER BY mark, again
                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS from_time
    FROM marks
), hours AS (
    SELECT source, date_trunc('hour', minute, 'UTC') AS hour, sum(parsed) AS parsed,
           sum(rejected - set_aside) AS refused
    FROM callerprint.coverage GROUP BY source, hour
), gaps AS (
    SELECT source, from_time, to_time, 'silent' AS cause, NULL::bigint AS lost, '' AS note
    FROM runs WHERE to_time - from_time > every
    UNION ALL
    SELECT source, from_time, to_time, 'sequence', CASE WHEN records THEN last - first + 1 END,
           'producer ' || producer || ': ' || CASE WHEN records THEN 'records ' ELSE 'batches ' END
           || first || ' to ' || last
    FROM callerprint.sequence_holes WHERE replaced_at IS NULL
    UNION ALL
    SELECT source, from_time, to_time, 'counter', count - received,
           'counted ' || count || ', received ' || received
    FROM (SELECT k.source, k.from_time, k.to_time, k.count,
                 coalesce((SELECT sum(c.received - c.set_aside)::bigint FROM callerprint.coverage c
                           WHERE c.source = k.source AND c.minute >= k.from_time AND c.minute < k.to_time),
                          0) AS received
          FROM callerprint.source_counters k WHERE k.replaced_at IS NULL) AS compared
    WHERE received < count
    UNION ALL
    SELECT source, hour, hour + interval '1 hour', 'dead_letters', refused::bigint,
           'refused ' || refused || ', read ' || parsed
    FROM hours WHERE refused > parsed
    UNION ALL
    SELECT source, minute, minute + interval '1 minute', 'clock', ahead, 'stamped with a future time'
    FROM callerprint.coverage WHERE ahead > 0
    UNION ALL
    SELECT '', '-infinity', max(before), 'not_retained', NULL, 'rollups are kept from here on'
    FROM callerprint.dropped
    WHERE parent IN ('key_operation_hour', 'key_origin_hour', 'tenant_operation_hour')
    HAVING count(*) > 0
)
SELECT source, from_time, to_time, cause, lost,
       EXISTS (SELECT FROM callerprint.gap_acknowledgements a
               WHERE a.source = g.source AND a.cause = g.cause AND a.from_time <= g.from_time
                 AND a.to_time >= g.to_time) AS acknowledged, note
FROM gaps g;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA callerprint FROM PUBLIC;
