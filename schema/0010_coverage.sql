-- What could have been seen: what each source should send, what is missing, and a chain over all
-- that was committed (docs/reference/coverage.md).
ALTER TABLE callerprint.coverage
    ADD COLUMN heartbeats bigint NOT NULL DEFAULT 0, -- empty batches, by arrival: "nothing to say"
    ADD COLUMN set_aside bigint NOT NULL DEFAULT 0,  -- of rejected: no records, left out on purpose
    ADD COLUMN ahead bigint NOT NULL DEFAULT 0;      -- calls stamped with a future time, by arrival
-- A window of all sources. The columns that batches add to are in no index, so updates stay HOT.
CREATE INDEX coverage_minute ON callerprint.coverage (minute);

-- What a source is expected to do from `since` until the next row of the source. Written at a start
-- from the configuration.
CREATE TABLE callerprint.expectations (
    source text NOT NULL,
    since timestamptz NOT NULL,
    every interval, -- NULL: nothing was declared
    configured boolean NOT NULL, -- false: from then on there was no such source
    declared_at timestamptz NOT NULL,
    PRIMARY KEY (source, since)
);

-- How far each producer of a source has come with its numbers, and those that did not come.
CREATE TABLE callerprint.producers (
    source text NOT NULL,
    producer text NOT NULL,
    next bigint NOT NULL, -- one above the greatest number that came
    newest timestamptz NOT NULL, -- event time of the newest record of the batch that had it
    PRIMARY KEY (source, producer)
) WITH (fillfactor = 70);
CREATE TABLE callerprint.sequence_holes (
    source text NOT NULL,
    producer text NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    records boolean NOT NULL, -- the numbers are of records, else of batches
    from_time timestamptz NOT NULL,
    to_time timestamptz NOT NULL,
    PRIMARY KEY (source, producer, first),
    CHECK (first <= last AND from_time < to_time)
);
CREATE INDEX sequence_holes_time ON callerprint.sequence_holes (to_time);

-- What a gateway counted itself, in whole minutes of event time. Those of a source do not overlap.
CREATE TABLE callerprint.source_counters (
    source text NOT NULL,
    from_time timestamptz NOT NULL,
    to_time timestamptz NOT NULL,
    count bigint NOT NULL CHECK (count >= 0),
    imported_at timestamptz NOT NULL,
    imported_by text NOT NULL,
    PRIMARY KEY (source, from_time),
    CHECK (from_time < to_time)
);

-- That somebody knows of what is missing. It makes nothing appear.
CREATE TABLE callerprint.gap_acknowledgements (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL, -- empty: what is missing of all sources
    cause text NOT NULL,
    from_time timestamptz NOT NULL,
    to_time timestamptz NOT NULL,
    reason text NOT NULL,
    by_whom text NOT NULL,
    at timestamptz NOT NULL,
    CHECK (from_time < to_time)
);

-- Up to where rollups were dropped because they were old.
CREATE TABLE callerprint.dropped (
    parent text PRIMARY KEY,
    before timestamptz NOT NULL
);
CREATE FUNCTION callerprint.note_dropped(parent_table text, up_to timestamptz) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO callerprint.dropped AS d (parent, before) SELECT parent_table, up_to WHERE up_to IS NOT NULL
    ON CONFLICT (parent) DO UPDATE SET before = greatest(d.before, excluded.before)
$$;
CREATE OR REPLACE FUNCTION callerprint.drop_partition(parent_table text, week_start date) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP TABLE callerprint.%I', parent_table || '_' || to_char(week_start, 'YYYYMMDD'));
    DELETE FROM callerprint.partitions WHERE parent = parent_table AND week = week_start;
    PERFORM callerprint.note_dropped(parent_table, (week_start + 7)::timestamp AT TIME ZONE 'UTC');
END $$;
-- Deletes what the default partition of a rollup by the hour holds from before; gives the hours.
CREATE FUNCTION callerprint.sweep_hours(parent_table text, before timestamptz) RETURNS SETOF timestamptz
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'WITH gone AS (DELETE FROM callerprint.%I WHERE hour < $1 RETURNING hour),'
        ' noted AS MATERIALIZED (SELECT callerprint.note_dropped(%L, max(hour) + interval ''1 hour'') FROM gone)'
        ' SELECT gone.hour FROM gone, (SELECT count(*) FROM noted) AS once',
        parent_table || '_other', parent_table) USING before;
END $$;
-- One row for each committed batch, the time in which nothing came included: head is SHA-256 of the
-- head before, from, to, records, root and at. `leaves` are those of the batch's tree, 32 bytes
-- each, so that proofs can be made when the journal has let go of the blocks.
CREATE TABLE callerprint.batch_chain (
    source text NOT NULL,
    partition integer NOT NULL,
    n bigint NOT NULL,
    from_offset bigint NOT NULL,
    to_offset bigint NOT NULL,
    records bigint NOT NULL,
    at timestamptz NOT NULL,
    leaves bytea NOT NULL,
    root bytea NOT NULL,
    head bytea NOT NULL,
    PRIMARY KEY (source, partition, n)
);
ALTER TABLE callerprint.batch_chain ALTER COLUMN leaves SET STORAGE EXTERNAL;

-- Calls of our own that were sent to see whether they are found.
CREATE TABLE callerprint.canaries (
    key_uid text PRIMARY KEY,
    source text NOT NULL,
    sent_at timestamptz NOT NULL, -- and their event time
    sent_by text NOT NULL
);
CREATE INDEX canaries_sent ON callerprint.canaries (sent_at);

-- They are added up like any call, as calls of tenant `(canary)`, and shown to nobody: the views
-- that everything is asked of leave them out.
CREATE OR REPLACE VIEW callerprint.key_minute_parts AS
SELECT minute, key_uid, tenant_uid, calls, ok, failed, denied, request_bytes, response_bytes, units,
       input_tokens, output_tokens, origins, more_origins
FROM callerprint.key_minute WHERE tenant_uid <> '(canary)'
UNION ALL
SELECT date_trunc('minute', first_seen, 'UTC'), key_uid, tenant_uid, calls, ok, failed, denied,
       request_bytes, response_bytes, units, input_tokens, output_tokens, array_remove(ARRAY[origin_hash], NULL), false
FROM callerprint.activity WHERE tenant_uid <> '(canary)';

CREATE OR REPLACE VIEW callerprint.key_operation_parts AS
SELECT hour, key_uid, tenant_uid, service, operation, calls, ok, failed, denied, request_bytes,
       response_bytes, units, input_tokens, output_tokens
FROM callerprint.key_operation_hour WHERE tenant_uid <> '(canary)'
UNION ALL
SELECT date_trunc('hour', first_seen, 'UTC'), key_uid, tenant_uid, service, operation, calls, ok, failed,
       denied, request_bytes, response_bytes, units, input_tokens, output_tokens
FROM callerprint.activity WHERE tenant_uid <> '(canary)';

CREATE OR REPLACE VIEW callerprint.key_origin_parts AS
SELECT hour, key_uid, tenant_uid, origin, calls, ok, failed, denied, units, first_seen, last_seen,
       record_id, (address, asn, as_name, country, client)::callerprint.example AS example
FROM callerprint.key_origin_hour WHERE tenant_uid <> '(canary)'
UNION ALL
SELECT date_trunc('hour', first_seen, 'UTC'), key_uid, tenant_uid, origin, calls, ok, failed, denied, units,
       first_seen, last_seen, record_id, (address, asn, as_name, country, client)::callerprint.example
FROM callerprint.activity WHERE tenant_uid <> '(canary)';

CREATE OR REPLACE VIEW callerprint.tenant_operation_parts AS
SELECT hour, tenant_uid, service, operation, calls, ok, failed, denied, request_bytes, response_bytes,
       units, input_tokens, output_tokens
FROM callerprint.tenant_operation_hour WHERE tenant_uid <> '(canary)'
UNION ALL
SELECT date_trunc('hour', first_seen, 'UTC'), tenant_uid, service, operation, calls, ok, failed, denied,
       request_bytes, response_bytes, units, input_tokens, output_tokens
FROM callerprint.activity WHERE tenant_uid <> '(canary)';

CREATE OR REPLACE VIEW investigate.coverage AS
SELECT source, minute, received, parsed, attributed, late, rejected, heartbeats, set_aside, ahead
FROM callerprint.coverage;
COMMENT ON COLUMN investigate.coverage.heartbeats IS 'Empty batches, in the minute of their arrival: the source said that it had nothing to say.';
COMMENT ON COLUMN investigate.coverage.set_aside IS 'Of the rejected, those that are no records and were left out on purpose.';
COMMENT ON COLUMN investigate.coverage.ahead IS 'Calls stamped more than 5 minutes after their arrival, in the minute of their arrival.';

-- What is missing, as far as it can be told without saying for which time it is asked. A certificate
-- (store::read_coverage) has the same and, for its window, where nothing was declared.
CREATE VIEW investigate.coverage_gaps AS
WITH segments AS (
    SELECT source, since, every,
           least(coalesce(lead(since) OVER (PARTITION BY source ORDER BY since), now()), now()) AS until
    FROM callerprint.expectations
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
    FROM callerprint.sequence_holes
    UNION ALL
    SELECT source, from_time, to_time, 'counter', count - received,
           'counted ' || count || ', received ' || received
    FROM (SELECT k.source, k.from_time, k.to_time, k.count,
                 coalesce((SELECT sum(c.received - c.set_aside)::bigint FROM callerprint.coverage c
                           WHERE c.source = k.source AND c.minute >= k.from_time AND c.minute < k.to_time),
                          0) AS received
          FROM callerprint.source_counters k) AS compared
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
COMMENT ON VIEW investigate.coverage_gaps IS 'Times of which something is missing, and why. Where a source declared no rhythm nothing is known: that is not listed.';
COMMENT ON COLUMN investigate.coverage_gaps.source IS 'The source; empty: all of them.';
COMMENT ON COLUMN investigate.coverage_gaps.from_time IS 'Event time from which it is missing.';
COMMENT ON COLUMN investigate.coverage_gaps.to_time IS 'Up to when, not included.';
COMMENT ON COLUMN investigate.coverage_gaps.cause IS 'silent, sequence, counter, dead_letters, not_retained, clock.';
COMMENT ON COLUMN investigate.coverage_gaps.lost IS 'Records that are missing, when it is known how many.';
COMMENT ON COLUMN investigate.coverage_gaps.acknowledged IS 'All of it is known to somebody, who said why. The records are missing all the same.';
COMMENT ON COLUMN investigate.coverage_gaps.note IS 'What is known of it.';

CREATE VIEW investigate.batch_chain AS
SELECT n, from_offset, to_offset, records, at, encode(root, 'hex') AS root, encode(head, 'hex') AS head
FROM callerprint.batch_chain WHERE source = 'main' AND partition = 0;
COMMENT ON VIEW investigate.batch_chain IS 'A digest of every committed batch, each over the one before: whoever has a head can tell whether anything before it was changed.';
COMMENT ON COLUMN investigate.batch_chain.n IS 'Ascending number.';
COMMENT ON COLUMN investigate.batch_chain.from_offset IS 'First journal block of the batch.';
COMMENT ON COLUMN investigate.batch_chain.to_offset IS 'The block behind its last.';
COMMENT ON COLUMN investigate.batch_chain.records IS 'Records in these blocks; 0 says that nothing came.';
COMMENT ON COLUMN investigate.batch_chain.at IS 'When the batch was closed.';
COMMENT ON COLUMN investigate.batch_chain.root IS 'Root of the Merkle tree over the batch.';
COMMENT ON COLUMN investigate.batch_chain.head IS 'SHA-256 over the head before and this row.';

-- A view's functions run as its reader; none of the new ones is one.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA callerprint FROM PUBLIC;
