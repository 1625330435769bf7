-- Keys that are found again by their text or a piece of it. Digests are 128 bits of HMAC-SHA-256
-- under a subkey that is not in the database: this table confirms no guess. It shows which keys the
-- registry knows the text of, nothing of the text.
CREATE TABLE callerprint.key_index (
    key_uid text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('whole', 'prefix', 'suffix', 'scrubbed')),
    length smallint NOT NULL, -- random characters; 0 for whole and scrubbed
    digest bytea NOT NULL,
    PRIMARY KEY (key_uid, kind, length)
);
CREATE INDEX key_index_digest ON callerprint.key_index (kind, length, digest);

-- Ownership over time: a span of the same beginning replaces the one before.
CREATE TABLE callerprint.owners (
    party text NOT NULL,
    owner text NOT NULL,
    share_ppm integer CHECK (share_ppm BETWEEN 1 AND 1000000),
    valid_from timestamptz,
    valid_to timestamptz,
    known_from timestamptz,
    known_to timestamptz,
    imported_at timestamptz NOT NULL,
    UNIQUE NULLS NOT DISTINCT (party, owner, valid_from)
);
CREATE INDEX owners_owner ON callerprint.owners (owner);

CREATE TABLE callerprint.claims (
    uid text PRIMARY KEY,
    party text NOT NULL,
    name text NOT NULL,
    statement text NOT NULL,
    source text NOT NULL,
    date timestamptz,
    clues text[] NOT NULL,
    known_from timestamptz,
    known_to timestamptz,
    imported_at timestamptz NOT NULL
);
CREATE INDEX claims_party ON callerprint.claims (party);

-- Versions of rows that were replaced, whole, with the times of the import that wrote and the one
-- that replaced them. Together with the tables, what they held at any moment: a row there counts
-- from its imported_at on, one here in [recorded_from, recorded_to). Written by a trigger, so that
-- no statement can forget it; a row that was never replaced costs nothing. What one import writes and
-- replaces itself was never seen.
CREATE TABLE callerprint.registry_history (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    recorded_from timestamptz NOT NULL,
    recorded_to timestamptz NOT NULL,
    version jsonb NOT NULL,
    CHECK (recorded_from < recorded_to)
);
CREATE INDEX registry_history_kind ON callerprint.registry_history (kind, recorded_to);

CREATE FUNCTION callerprint.keep_version() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO callerprint.registry_history (kind, recorded_from, recorded_to, version)
    VALUES (TG_ARGV[0], OLD.imported_at, NEW.imported_at, to_jsonb(OLD));
    RETURN NULL;
END $$;
CREATE TRIGGER keep_version AFTER UPDATE ON callerprint.tenants
    FOR EACH ROW WHEN (OLD.imported_at < NEW.imported_at) EXECUTE FUNCTION callerprint.keep_version('tenant');
CREATE TRIGGER keep_version AFTER UPDATE ON callerprint.keys
    FOR EACH ROW WHEN (OLD.imported_at < NEW.imported_at) EXECUTE FUNCTION callerprint.keep_version('key');
CREATE TRIGGER keep_version AFTER UPDATE ON callerprint.parties
    FOR EACH ROW WHEN (OLD.imported_at < NEW.imported_at) EXECUTE FUNCTION callerprint.keep_version('party');
CREATE TRIGGER keep_version AFTER UPDATE ON callerprint.licences
    FOR EACH ROW WHEN (OLD.imported_at < NEW.imported_at) EXECUTE FUNCTION callerprint.keep_version('licence');
CREATE TRIGGER keep_version AFTER UPDATE ON callerprint.gates
    FOR EACH ROW WHEN (OLD.imported_at < NEW.imported_at) EXECUTE FUNCTION callerprint.keep_version('gate');
CREATE TRIGGER keep_version AFTER UPDATE ON callerprint.leaks
    FOR EACH ROW WHEN (OLD.imported_at < NEW.imported_at) EXECUTE FUNCTION callerprint.keep_version('leak');
CREATE TRIGGER keep_version AFTER UPDATE ON callerprint.owners
    FOR EACH ROW WHEN (OLD.imported_at < NEW.imported_at) EXECUTE FUNCTION callerprint.keep_version('owner');
CREATE TRIGGER keep_version AFTER UPDATE ON callerprint.claims
    FOR EACH ROW WHEN (OLD.imported_at < NEW.imported_at) EXECUTE FUNCTION callerprint.keep_version('claim');

-- The time of the newest import. Each is stamped later than the one before, whatever the clock
-- does, or two of one microsecond could not be told apart.
ALTER TABLE callerprint.registry_version ADD COLUMN imported_at timestamptz;
UPDATE callerprint.registry_version SET imported_at = (
    SELECT max(t) FROM (
        SELECT max(imported_at) FROM callerprint.tenants
        UNION ALL SELECT max(imported_at) FROM callerprint.keys
        UNION ALL SELECT max(imported_at) FROM callerprint.parties
        UNION ALL SELECT max(imported_at) FROM callerprint.licences
        UNION ALL SELECT max(imported_at) FROM callerprint.gates
        UNION ALL SELECT max(imported_at) FROM callerprint.leaks) AS times (t));

CREATE VIEW investigate.owners AS
SELECT party AS party_uid, owner AS owner_uid, share_ppm / 10000.0 AS share_percent, valid_from,
       valid_to, coalesce(known_from, imported_at) AS known_from, known_to,
       known_to IS NULL AS current
FROM callerprint.owners;
COMMENT ON VIEW investigate.owners IS 'Who owns which party, over time. Earlier versions: registry_history.';
COMMENT ON COLUMN investigate.owners.party_uid IS 'Party that is owned.';
COMMENT ON COLUMN investigate.owners.owner_uid IS 'Party that owns it, or a part of it.';
COMMENT ON COLUMN investigate.owners.share_percent IS 'Share, in percent; NULL: not told.';
COMMENT ON COLUMN investigate.owners.valid_from IS 'Since when it owns it; NULL: since ever.';
COMMENT ON COLUMN investigate.owners.valid_to IS 'Until when; NULL: no end.';
COMMENT ON COLUMN investigate.owners.known_from IS 'Since when we knew: as given, else the import.';
COMMENT ON COLUMN investigate.owners.known_to IS 'Until when we believed it; NULL: still believed.';
COMMENT ON COLUMN investigate.owners.current IS 'True when it is still believed.';

CREATE VIEW investigate.claims AS
SELECT uid AS claim_uid, nullif(party, '') AS party_uid, nullif(name, '') AS name, statement,
       nullif(source, '') AS source, date AS claimed_at, clues,
       coalesce(known_from, imported_at) AS known_from, known_to, known_to IS NULL AS current
FROM callerprint.claims;
COMMENT ON VIEW investigate.claims IS 'What others say about a party and us: a reason to ask, never a finding. Earlier versions: registry_history.';
COMMENT ON COLUMN investigate.claims.claim_uid IS 'Id of the claim.';
COMMENT ON COLUMN investigate.claims.party_uid IS 'Party it is about, where one is known.';
COMMENT ON COLUMN investigate.claims.name IS 'Name of who it is about, as claimed.';
COMMENT ON COLUMN investigate.claims.statement IS 'What is claimed.';
COMMENT ON COLUMN investigate.claims.source IS 'Who says so, or where it stands.';
COMMENT ON COLUMN investigate.claims.claimed_at IS 'When it was said.';
COMMENT ON COLUMN investigate.claims.clues IS 'Clues in it, as kind:value.';
COMMENT ON COLUMN investigate.claims.known_from IS 'Since when we knew of it: as given, else the import.';
COMMENT ON COLUMN investigate.claims.known_to IS 'Until when it stood; NULL: it stands.';
COMMENT ON COLUMN investigate.claims.current IS 'True when it still stands.';

CREATE VIEW investigate.registry_history AS
SELECT kind, CASE kind WHEN 'leak' THEN coalesce(nullif(version ->> 'key', ''), version ->> 'key_hash')
                       WHEN 'owner' THEN version ->> 'party' ELSE version ->> 'uid' END AS uid,
       coalesce((version ->> 'known_from')::timestamptz, recorded_from) AS known_from,
       coalesce((version ->> 'known_to')::timestamptz, recorded_to) AS known_to,
       recorded_from, recorded_to, recorded_to IS NULL AS current,
       version - 'imported_at' - 'n' AS version
FROM (SELECT kind, recorded_from, recorded_to, version FROM callerprint.registry_history
      UNION ALL SELECT 'tenant', imported_at, NULL, to_jsonb(t) FROM callerprint.tenants t
      UNION ALL SELECT 'key', imported_at, NULL, to_jsonb(t) FROM callerprint.keys t
      UNION ALL SELECT 'party', imported_at, NULL, to_jsonb(t) FROM callerprint.parties t
      UNION ALL SELECT 'licence', imported_at, NULL, to_jsonb(t) FROM callerprint.licences t
      UNION ALL SELECT 'gate', imported_at, NULL, to_jsonb(t) FROM callerprint.gates t
      UNION ALL SELECT 'leak', imported_at, NULL, to_jsonb(t) FROM callerprint.leaks t
      UNION ALL SELECT 'owner', imported_at, NULL, to_jsonb(t) FROM callerprint.owners t
      UNION ALL SELECT 'claim', imported_at, NULL, to_jsonb(t) FROM callerprint.claims t) AS versions;
COMMENT ON VIEW investigate.registry_history IS 'Every version of every registry row, those of now among them.';
COMMENT ON COLUMN investigate.registry_history.kind IS 'tenant, key, party, licence, gate, leak, owner, claim.';
COMMENT ON COLUMN investigate.registry_history.uid IS 'Id of the row; of a leak its key or hash, of an ownership the party that is owned.';
COMMENT ON COLUMN investigate.registry_history.known_from IS 'Since when we believed it: as given, else the import.';
COMMENT ON COLUMN investigate.registry_history.known_to IS 'Until when: as given, else the import that replaced it; NULL: still believed.';
COMMENT ON COLUMN investigate.registry_history.recorded_from IS 'Time of the import that wrote it.';
COMMENT ON COLUMN investigate.registry_history.recorded_to IS 'Time of the import that replaced it; NULL: it stands.';
COMMENT ON COLUMN investigate.registry_history.current IS 'True when no import has replaced it.';
COMMENT ON COLUMN investigate.registry_history.version IS 'Its columns.';

REVOKE ALL ON FUNCTION callerprint.keep_version() FROM PUBLIC;
