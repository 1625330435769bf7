-- Who was seen from where with what, by the week: a small row for each use of a key from an origin,
-- so that a clue about traffic finds its personas first and reads the hours of those alone. An
-- origin has one network, AS and client family; calls without an origin, or folded into "(other)",
-- have several rows. Rows are not updated, but when batches are merged out of their order: that is what
-- makes them cheap.
CREATE TABLE callerprint.personas (
    week timestamptz NOT NULL, -- its Monday, UTC
    key_uid text NOT NULL,
    tenant_uid text NOT NULL,
    origin text NOT NULL,
    network inet, -- /24 or /48 of the address
    asn bigint,
    client_family text,
    seen_at timestamptz NOT NULL, -- when the first batch with it was stored
    UNIQUE NULLS NOT DISTINCT (key_uid, tenant_uid, origin, network, asn, client_family, week)
) PARTITION BY RANGE (week);
CREATE INDEX personas_network ON callerprint.personas (network);
CREATE INDEX personas_asn ON callerprint.personas (asn);
CREATE INDEX personas_client ON callerprint.personas (client_family);
CREATE INDEX personas_tenant ON callerprint.personas (tenant_uid);
CREATE TABLE callerprint.personas_other PARTITION OF callerprint.personas DEFAULT;

-- Who was active, for the size of the crowd that a clue is rare or common in.
CREATE TABLE callerprint.tenant_weeks (
    week timestamptz NOT NULL,
    tenant_uid text NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (week, tenant_uid)
);

-- Every name that the holder of an AS had when somebody called from it.
CREATE TABLE callerprint.as_names (
    asn bigint NOT NULL,
    as_name text NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (asn, as_name)
);

-- As before, for any table that is partitioned by one column of time.
CREATE OR REPLACE FUNCTION callerprint.ensure_partition(parent_table text, week_start date)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    time_column text := (SELECT a.attname FROM pg_partitioned_table p JOIN pg_attribute a
        ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
        WHERE p.partrelid = to_regclass('callerprint.' || quote_ident(parent_table)));
    part text := parent_table || '_' || to_char(week_start, 'YYYYMMDD');
    week_from timestamptz := week_start::timestamp AT TIME ZONE 'UTC';
    week_to timestamptz := (week_start + 7)::timestamp AT TIME ZONE 'UTC';
    -- Rows of rollups are updated until their time is over.
    storage text := CASE WHEN parent_table IN ('calls', 'dead_letters', 'personas') THEN ''
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

CREATE FUNCTION callerprint.network_grain(address inet) RETURNS inet LANGUAGE sql IMMUTABLE
RETURN network(set_masklen(address, CASE family(address) WHEN 4 THEN 24 ELSE 48 END))::inet;

-- The same of calls that wait to be merged, so that merging changes nothing.
CREATE VIEW callerprint.persona_parts AS
SELECT week, key_uid, tenant_uid, origin, network, asn, client_family, seen_at
FROM callerprint.personas
UNION ALL
SELECT date_trunc('week', first_seen, 'UTC'), key_uid, tenant_uid, origin,
       callerprint.network_grain(address), asn, split_part(client, ' ', 1), stored_at
FROM callerprint.activity;

-- Notes who is in pages [from_page, to_page) of the activity, by ctid; in one transaction with the
-- merge of these pages. Who is known is not written again: ON CONFLICT would lock, and so write, the
-- row.
CREATE FUNCTION callerprint.note_personas(from_page tid, to_page tid) RETURNS void LANGUAGE sql AS $$
INSERT INTO callerprint.personas AS t
    (week, key_uid, tenant_uid, origin, network, asn, client_family, seen_at)
SELECT * FROM (
    SELECT date_trunc('week', first_seen, 'UTC') AS week, key_uid, tenant_uid, origin,
           callerprint.network_grain(address) AS network, asn,
           split_part(client, ' ', 1) AS client_family, min(stored_at) AS seen_at
    FROM callerprint.activity WHERE ctid >= from_page AND ctid < to_page
    GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4) AS n
WHERE NOT EXISTS (SELECT FROM callerprint.personas AS k WHERE k.week = n.week
    AND k.key_uid = n.key_uid AND k.tenant_uid = n.tenant_uid AND k.origin = n.origin
    AND k.network IS NOT DISTINCT FROM n.network AND k.asn IS NOT DISTINCT FROM n.asn
    AND k.client_family IS NOT DISTINCT FROM n.client_family AND k.seen_at <= n.seen_at)
ON CONFLICT (key_uid, tenant_uid, origin, network, asn, client_family, week)
    DO UPDATE SET seen_at = least(t.seen_at, excluded.seen_at);
INSERT INTO callerprint.tenant_weeks AS t (week, tenant_uid, seen_at)
SELECT * FROM (
    SELECT date_trunc('week', first_seen, 'UTC') AS week, tenant_uid, min(stored_at) AS seen_at
    FROM callerprint.activity WHERE ctid >= from_page AND ctid < to_page AND tenant_uid <> ''
    GROUP BY 1, 2 ORDER BY 1, 2) AS n
WHERE NOT EXISTS (SELECT FROM callerprint.tenant_weeks AS k
    WHERE k.week = n.week AND k.tenant_uid = n.tenant_uid AND k.seen_at <= n.seen_at)
ON CONFLICT (week, tenant_uid) DO UPDATE SET seen_at = least(t.seen_at, excluded.seen_at);
INSERT INTO callerprint.as_names AS t (asn, as_name, seen_at)
SELECT * FROM (
    SELECT asn, as_name, min(stored_at) AS seen_at FROM callerprint.activity
    WHERE ctid >= from_page AND ctid < to_page AND asn IS NOT NULL AND as_name <> ''
    GROUP BY 1, 2 ORDER BY 1, 2) AS n
WHERE NOT EXISTS (SELECT FROM callerprint.as_names AS k
    WHERE k.asn = n.asn AND k.as_name = n.as_name AND k.seen_at <= n.seen_at)
ON CONFLICT (asn, as_name) DO UPDATE SET seen_at = least(t.seen_at, excluded.seen_at);
$$;

-- What there is already. Old weeks find their partitions as those of the rollups.
DO $$
DECLARE
    one date;
BEGIN
    FOR one IN SELECT week FROM callerprint.partitions WHERE parent = 'key_origin_hour' LOOP
        PERFORM callerprint.ensure_partition('personas', one);
    END LOOP;
END $$;
INSERT INTO callerprint.personas
    (week, key_uid, tenant_uid, origin, network, asn, client_family, seen_at)
SELECT DISTINCT date_trunc('week', hour, 'UTC'), key_uid, tenant_uid, origin,
       callerprint.network_grain(address), asn, split_part(client, ' ', 1),
       '-infinity'::timestamptz
FROM callerprint.key_origin_hour;
INSERT INTO callerprint.tenant_weeks (week, tenant_uid, seen_at)
SELECT DISTINCT week, tenant_uid, '-infinity'::timestamptz FROM callerprint.personas
WHERE tenant_uid <> '';
INSERT INTO callerprint.as_names (asn, as_name, seen_at)
SELECT DISTINCT asn, as_name, '-infinity'::timestamptz FROM callerprint.key_origin_hour
WHERE asn IS NOT NULL AND as_name <> '';

-- Personas are found by these now, in a hundredth of the rows.
DROP INDEX callerprint.key_origin_hour_address;
DROP INDEX callerprint.key_origin_hour_asn;
DROP INDEX callerprint.key_origin_hour_client;
DROP INDEX callerprint.key_origin_hour_tenant;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA callerprint FROM PUBLIC;
