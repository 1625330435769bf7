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
-- The planner takes what was deleted to be a few rows; joined in a loop it took minutes when all of
-- it was late, as it is with an archive.
LANGUAGE sql SET enable_nestloop = off AS $$
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


-- What an absence is worth: no call, no alert, a count of zero. Joined to any of these.
CREATE TYPE investigate.coverage_summary AS (
    period_from timestamptz,
    period_to timestamptz,
    share double precision,
    whole boolean,
    gaps bigint,
    unacknowledged bigint,
    unacknowledged_time interval,
    kept_since timestamptz,
    sources bigint
);
COMMENT ON TYPE investigate.coverage_summary IS 'What coverage_of gives.';
COMMENT ON COLUMN investigate.coverage_summary.period_from IS 'Beginning of the period; not given: kept_since.';
COMMENT ON COLUMN investigate.coverage_summary.period_to IS 'End, not included; not given: now.';
COMMENT ON COLUMN investigate.coverage_summary.share IS 'What was read of what was sent, times the part outside gaps, 0 to 1; as `callerprint coverage` has it.';
COMMENT ON COLUMN investigate.coverage_summary.whole IS 'True when there was a source and every gap is acknowledged: only then is an absence more than a guess.';
COMMENT ON COLUMN investigate.coverage_summary.gaps IS 'Gaps in it, acknowledged or not; coverage_gaps names them.';
COMMENT ON COLUMN investigate.coverage_summary.unacknowledged IS 'Those that nobody acknowledged, counted in pieces.';
COMMENT ON COLUMN investigate.coverage_summary.unacknowledged_time IS 'How long these are together, overlapping ones once.';
COMMENT ON COLUMN investigate.coverage_summary.kept_since IS 'Event time from which on anything is kept; NULL: nothing has come yet.';
COMMENT ON COLUMN investigate.coverage_summary.sources IS 'Sources that were expected or sent something.';

CREATE FUNCTION callerprint.length(spans tstzmultirange) RETURNS interval
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(sum(upper(s) - lower(s)), interval '0') FROM unnest(spans) AS s
$$;
CREATE FUNCTION callerprint.pieces(spans tstzmultirange) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$ SELECT count(*) FROM unnest(spans) AS s $$;

-- The gaps of a certificate of [f, t), and what of each is not acknowledged.
CREATE FUNCTION callerprint.gaps_between(f timestamptz, t timestamptz)
RETURNS TABLE (source text, cause text, lost bigint, spans tstzmultirange, unknown_to_all tstzmultirange)
LANGUAGE sql STABLE AS $$
WITH segments AS (
    SELECT e.source, every IS NOT NULL OR NOT configured AS declared, configured,
           tstzrange(since, coalesce(lead(since) OVER (PARTITION BY e.source ORDER BY since), 'infinity')) AS span
    FROM callerprint.expectations AS e WHERE replaced_at IS NULL
), counted AS (
    SELECT k.source, range_agg(tstzrange(from_time, to_time)) AS spans
    FROM callerprint.source_counters AS k
    WHERE replaced_at IS NULL AND from_time < t AND to_time > f GROUP BY 1
), sources AS (
    SELECT s.source FROM segments AS s WHERE configured AND upper(span) > f
    UNION SELECT c.source FROM callerprint.coverage AS c WHERE minute > f - interval '1 minute' AND minute < t
    UNION SELECT h.source FROM callerprint.sequence_holes AS h
    WHERE replaced_at IS NULL AND from_time < t AND to_time > f
    UNION SELECT k.source FROM counted AS k
), known AS (
    SELECT s.source, range_agg(span) AS spans FROM segments AS s WHERE declared GROUP BY 1
), last AS (
    SELECT at FROM callerprint.batch_chain AS b WHERE b.source = 'main' AND partition = 0
    ORDER BY n DESC LIMIT 1
), found AS (
    SELECT g.source, g.cause, g.lost,
           tstzmultirange(tstzrange(greatest(from_time, f), least(to_time, t)))
           - CASE WHEN g.cause = 'silent' THEN coalesce(k.spans, '{}') ELSE '{}' END AS spans
    FROM investigate.coverage_gaps AS g LEFT JOIN counted AS k ON k.source = g.source
    WHERE from_time < t AND to_time > f
    UNION ALL
    SELECT s.source, 'no_expectation', NULL, tstzmultirange(tstzrange(f, t))
           - coalesce(n.spans, '{}') - coalesce(k.spans, '{}')
    FROM sources AS s LEFT JOIN known AS n USING (source) LEFT JOIN counted AS k USING (source)
    UNION ALL
    SELECT '', 'no_expectation', NULL, tstzmultirange(tstzrange(f, t))
    WHERE NOT EXISTS (SELECT FROM sources)
    UNION ALL
    SELECT '', 'clock', NULL, tstzmultirange(tstzrange(f, t)) * tstzmultirange(tstzrange(at, now()))
    FROM last WHERE now() - at > interval '5 minutes'
)
SELECT g.source, g.cause, g.lost, g.spans, CASE WHEN g.lost IS NULL THEN g.spans - coalesce(a.all_of, '{}')
           WHEN coalesce(a.one_of, false) THEN '{}' ELSE g.spans END
FROM found AS g, LATERAL (
    SELECT range_agg(tstzrange(from_time, to_time)) AS all_of,
           bool_or(g.spans <@ tstzrange(from_time, to_time)) AS one_of
    FROM callerprint.gap_acknowledgements AS k WHERE k.source = g.source AND k.cause = g.cause
) AS a WHERE NOT isempty(g.spans)
$$;

CREATE FUNCTION investigate.coverage_of(period_from timestamptz DEFAULT NULL, period_to timestamptz DEFAULT NULL)
RETURNS investigate.coverage_summary
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
WITH kept AS (
    SELECT greatest((SELECT max(before) FROM callerprint.dropped
                     WHERE parent IN ('key_operation_hour', 'key_origin_hour', 'tenant_operation_hour')),
                    (SELECT min(minute) FROM callerprint.coverage)) AS since
), asked AS (
    SELECT since, coalesce($1, since, now() - interval '1 hour') AS f, coalesce($2, now()) AS t FROM kept
), gaps AS MATERIALIZED (
    SELECT g.* FROM asked, LATERAL callerprint.gaps_between(f, t) AS g WHERE f < t
), lines AS (
    SELECT c.source, sum(parsed) AS parsed, sum(rejected - set_aside) AS rejected, sum(ahead) AS lost
    FROM asked, callerprint.coverage AS c WHERE minute > f - interval '1 minute' AND minute < t GROUP BY 1
), sources AS (
    SELECT source FROM lines
    UNION SELECT source FROM gaps WHERE source <> ''
    UNION SELECT source FROM (
        SELECT source, configured, lead(since) OVER (PARTITION BY source ORDER BY since) AS until
        FROM callerprint.expectations WHERE replaced_at IS NULL) AS e, asked
    WHERE configured AND coalesce(until, 'infinity') > f
    UNION SELECT source FROM callerprint.source_counters, asked
    WHERE replaced_at IS NULL AND from_time < t AND to_time > f
), parts AS (
    SELECT coalesce(parsed, 0)::float8 AS parsed,
           (coalesce(parsed, 0) + coalesce(rejected, 0) + coalesce(l.lost, 0)
            + greatest(coalesce(g.counter, 0), coalesce(g.sequence, 0)))::float8 AS sent,
           1 - extract(epoch FROM callerprint.length(coalesce(g.spans, '{}'))) / extract(epoch FROM t - f) AS open
    FROM asked, sources AS s LEFT JOIN lines AS l USING (source), LATERAL (
        SELECT range_agg(spans) FILTER (WHERE gaps.lost IS NULL) AS spans,
               sum(gaps.lost) FILTER (WHERE cause = 'counter') AS counter,
               sum(gaps.lost) FILTER (WHERE cause = 'sequence') AS sequence
        FROM gaps WHERE gaps.source IN (s.source, '')) AS g
), weighed AS (
    SELECT open * CASE WHEN sent > 0 THEN parsed / sent ELSE 1 END AS share,
           CASE WHEN open = 1 OR open > 0 AND sent > 0 THEN sent / open END AS volume FROM parts
), mean AS (
    SELECT CASE WHEN sum(volume) > 0 THEN avg(volume) END AS volume FROM weighed
), shares AS (
    SELECT least(1, coalesce(sum(share * weight) / sum(weight), 0)) AS share, count(*) AS sources
    FROM (SELECT share, CASE WHEN mean.volume IS NULL THEN 1 ELSE coalesce(weighed.volume, mean.volume) END
                        AS weight FROM weighed, mean) AS w
), counted AS (
    SELECT coalesce(sum(callerprint.pieces(spans)), 0) AS gaps,
           coalesce(sum(callerprint.pieces(unknown_to_all)), 0) AS unacknowledged,
           callerprint.length(coalesce(range_agg(unknown_to_all), '{}')) AS unacknowledged_time FROM gaps
)
SELECT f, t, share, shares.sources > 0 AND unacknowledged = 0, gaps, unacknowledged,
       unacknowledged_time, since, shares.sources FROM asked, shares, counted
$$;
COMMENT ON FUNCTION investigate.coverage_of(timestamptz, timestamptz) IS 'What an absence in a period is worth: SELECT n, c.* FROM (SELECT count(*) AS n FROM calls WHERE time >= ''2026-01-01'' AND time < ''2026-02-01'') AS x, coverage_of(''2026-01-01'', ''2026-02-01'') AS c.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA callerprint, investigate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION investigate.coverage_of(timestamptz, timestamptz) TO callerprint_read;
