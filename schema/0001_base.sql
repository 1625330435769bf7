-- Private tables: positions, rollups, coverage, calls and dead letters. People and tools read the
-- views of schema investigate instead. Times are UTC; event time is what the log says.
CREATE SCHEMA callerprint;

-- Microseconds since 1970-01-01T00:00:00Z and back, exactly.
CREATE FUNCTION callerprint.micros(at timestamptz) RETURNS bigint
LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$ SELECT (extract(epoch FROM at) * 1000000)::bigint $$;
CREATE FUNCTION callerprint.at(micros bigint) RETURNS timestamptz
LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
    SELECT timestamptz '1970-01-01 00:00:00+00' + micros * interval '1 microsecond' $$;

-- How far each partition of a source is committed. The row is the fence: a batch commits only by
-- moving next_offset from where it started, under the epoch it was claimed with.
CREATE TABLE callerprint.source_position (
    source text NOT NULL,
    partition integer NOT NULL,
    epoch bigint NOT NULL DEFAULT 0,
    owner text NOT NULL DEFAULT '',
    backend integer,
    next_offset bigint NOT NULL,
    snapshot_offset bigint NOT NULL,
    watermark timestamptz,
    policy_rev text NOT NULL DEFAULT '',
    claimed_at timestamptz NOT NULL DEFAULT now(),
    written_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, partition),
    CHECK (snapshot_offset <= next_offset)
) WITH (fillfactor = 50);

CREATE TABLE callerprint.window_state (
    source text NOT NULL,
    partition integer NOT NULL,
    state bytea NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, partition)
);
-- The state is compressed by its writer; the server would only try again.
ALTER TABLE callerprint.window_state ALTER COLUMN state SET STORAGE EXTERNAL;

-- Rollups: additive counters. Weekly partitions by event time, so that expiry is a drop; keys lead
-- the primary key because investigators ask by key.
CREATE TABLE callerprint.key_minute (
    minute timestamptz NOT NULL,
    key_uid text NOT NULL,
    tenant_uid text NOT NULL,
    calls bigint NOT NULL,
    ok bigint NOT NULL,
    failed bigint NOT NULL,
    denied bigint NOT NULL,
    request_bytes bigint NOT NULL,
    response_bytes bigint NOT NULL,
    units double precision NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    origins bigint[] NOT NULL,
    more_origins boolean NOT NULL,
    PRIMARY KEY (key_uid, tenant_uid, minute)
) PARTITION BY RANGE (minute);

CREATE TABLE callerprint.key_operation_hour (
    hour timestamptz NOT NULL,
    key_uid text NOT NULL,
    tenant_uid text NOT NULL,
    service text NOT NULL,
    operation text NOT NULL,
    calls bigint NOT NULL,
    ok bigint NOT NULL,
    failed bigint NOT NULL,
    denied bigint NOT NULL,
    request_bytes bigint NOT NULL,
    response_bytes bigint NOT NULL,
    units double precision NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    PRIMARY KEY (key_uid, tenant_uid, hour, service, operation)
) PARTITION BY RANGE (hour);

CREATE TABLE callerprint.key_origin_hour (
    hour timestamptz NOT NULL,
    key_uid text NOT NULL,
    tenant_uid text NOT NULL,
    origin text NOT NULL,
    calls bigint NOT NULL,
    ok bigint NOT NULL,
    failed bigint NOT NULL,
    denied bigint NOT NULL,
    request_bytes bigint NOT NULL,
    response_bytes bigint NOT NULL,
    units double precision NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    -- An example: of the earliest call, and of the least record id among those of the same time.
    address inet,
    asn bigint,
    as_name text,
    country text,
    client text,
    record_id bigint NOT NULL,
    PRIMARY KEY (key_uid, tenant_uid, hour, origin)
) PARTITION BY RANGE (hour);

CREATE TABLE callerprint.tenant_operation_hour (
    hour timestamptz NOT NULL,
    tenant_uid text NOT NULL,
    service text NOT NULL,
    operation text NOT NULL,
    calls bigint NOT NULL,
    ok bigint NOT NULL,
    failed bigint NOT NULL,
    denied bigint NOT NULL,
    request_bytes bigint NOT NULL,
    response_bytes bigint NOT NULL,
    units double precision NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    PRIMARY KEY (tenant_uid, hour, service, operation)
) PARTITION BY RANGE (hour);

CREATE TABLE callerprint.coverage (
    source text NOT NULL,
    minute timestamptz NOT NULL,
    received bigint NOT NULL,
    parsed bigint NOT NULL,
    attributed bigint NOT NULL,
    late bigint NOT NULL,
    rejected bigint NOT NULL,
    PRIMARY KEY (source, minute)
) WITH (fillfactor = 70);

-- Raw calls, kept by the setting raw_calls. One btree beside the BRIN on time: a second one would
-- halve the speed of COPY again.
CREATE TABLE callerprint.calls (
    time timestamptz NOT NULL,
    received timestamptz NOT NULL,
    source text NOT NULL,
    block bigint NOT NULL,
    record integer NOT NULL,
    call_id bigint NOT NULL,
    notes integer NOT NULL,
    tenant_uid text,
    key_uid text,
    user_uid text,
    user_name text,
    user_type text,
    provider text,
    account_uid text,
    region text,
    service text,
    operation text,
    activity_id bigint,
    http_method text,
    url text,
    host text,
    status_id bigint,
    http_status bigint,
    status_code text,
    error text,
    error_message text,
    address inet,
    address_text text,
    asn bigint,
    as_name text,
    country text,
    network_kind text,
    user_agent text,
    ja4 text,
    resource_uid text,
    request_bytes bigint,
    response_bytes bigint,
    duration_ms double precision,
    units double precision,
    model text,
    input_tokens bigint,
    output_tokens bigint,
    record_uid text,
    correlation_uid text,
    licence_state text,
    origin text,
    client_family text,
    client_version text,
    late boolean,
    matched text[],
    raw text
) PARTITION BY RANGE (time);
CREATE INDEX calls_time ON callerprint.calls USING brin (time) WITH (pages_per_range = 32);
CREATE INDEX calls_key ON callerprint.calls (key_uid, time);

CREATE TABLE callerprint.dead_letters (
    received timestamptz NOT NULL,
    source text NOT NULL,
    client text NOT NULL,
    block bigint NOT NULL,
    record bigint NOT NULL,
    code text NOT NULL,
    reason text NOT NULL,
    sample text NOT NULL,
    written_at timestamptz NOT NULL
) PARTITION BY RANGE (received);
CREATE INDEX dead_letters_received ON callerprint.dead_letters USING brin (received)
    WITH (pages_per_range = 32);

CREATE TABLE callerprint.key_minute_other PARTITION OF callerprint.key_minute DEFAULT
    WITH (fillfactor = 70);
CREATE TABLE callerprint.key_operation_hour_other PARTITION OF callerprint.key_operation_hour DEFAULT
    WITH (fillfactor = 70);
CREATE TABLE callerprint.key_origin_hour_other PARTITION OF callerprint.key_origin_hour DEFAULT
    WITH (fillfactor = 70);
CREATE TABLE callerprint.tenant_operation_hour_other
    PARTITION OF callerprint.tenant_operation_hour DEFAULT WITH (fillfactor = 70);
CREATE TABLE callerprint.calls_other PARTITION OF callerprint.calls DEFAULT;
CREATE TABLE callerprint.dead_letters_other PARTITION OF callerprint.dead_letters DEFAULT;

-- The weekly partitions there are, and when each got its first row: retention counts from both.
CREATE TABLE callerprint.partitions (
    parent text NOT NULL,
    week date NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (parent, week)
);

-- Makes the partition of a week, given by its Monday, unless it is there; rows that the default
-- partition took meanwhile move into it. False when it was there. Weeks far outside the present
-- stay in the default partition (the caller decides), so that forged times cannot make tables
-- without end.
CREATE FUNCTION callerprint.ensure_partition(parent_table text, week_start date) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    time_column text := CASE parent_table
        WHEN 'key_minute' THEN 'minute' WHEN 'key_operation_hour' THEN 'hour'
        WHEN 'key_origin_hour' THEN 'hour' WHEN 'tenant_operation_hour' THEN 'hour'
        WHEN 'calls' THEN 'time' WHEN 'dead_letters' THEN 'received' END;
    part text := parent_table || '_' || to_char(week_start, 'YYYYMMDD');
    week_from timestamptz := week_start::timestamp AT TIME ZONE 'UTC';
    week_to timestamptz := (week_start + 7)::timestamp AT TIME ZONE 'UTC';
    storage text := CASE WHEN parent_table IN ('calls', 'dead_letters') THEN ''
        ELSE ' WITH (fillfactor = 70)' END;
BEGIN
    IF time_column IS NULL THEN
        RAISE EXCEPTION 'no partitioned table %', parent_table;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('callerprint.' || parent_table));
    INSERT INTO callerprint.partitions (parent, week) VALUES (parent_table, week_start)
        ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE callerprint.%I (LIKE callerprint.%I INCLUDING DEFAULTS)%s',
                   part, parent_table, storage);
    EXECUTE format('WITH moved AS (DELETE FROM callerprint.%I WHERE %I >= $1 AND %I < $2 RETURNING *)'
                   ' INSERT INTO callerprint.%I SELECT * FROM moved',
                   parent_table || '_other', time_column, time_column, part)
        USING week_from, week_to;
    EXECUTE format('ALTER TABLE callerprint.%I ATTACH PARTITION callerprint.%I'
                   ' FOR VALUES FROM (%L) TO (%L)', parent_table, part, week_from, week_to);
    RETURN true;
END $$;

CREATE FUNCTION callerprint.drop_partition(parent_table text, week_start date) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP TABLE callerprint.%I', parent_table || '_' || to_char(week_start, 'YYYYMMDD'));
    DELETE FROM callerprint.partitions WHERE parent = parent_table AND week = week_start;
END $$;

-- Distinct origins of both, ascending, at most 8: as many as a rollup row keeps exactly.
CREATE FUNCTION callerprint.merge_origins(a bigint[], b bigint[]) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(o ORDER BY o), '{}')
    FROM (SELECT o FROM (SELECT unnest(a) UNION SELECT unnest(b)) AS u (o) ORDER BY o LIMIT 8) AS least
$$;
CREATE FUNCTION callerprint.distinct_origins(a bigint[], b bigint[]) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT count(*)::integer FROM (SELECT unnest(a) UNION SELECT unnest(b)) AS u
$$;
