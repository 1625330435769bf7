-- What we were told. A missing text is '', a missing time NULL: "not told", never "none".
CREATE TABLE callerprint.registry_version (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO callerprint.registry_version (version) VALUES (0);

CREATE TABLE callerprint.tenants (
    uid text PRIMARY KEY,
    name text NOT NULL,
    tier text NOT NULL,
    status text NOT NULL,
    created timestamptz,
    country text NOT NULL,
    party text NOT NULL,
    imported_at timestamptz NOT NULL
);

CREATE TABLE callerprint.keys (
    uid text PRIMARY KEY,
    tenant text NOT NULL,
    status text NOT NULL,
    created timestamptz,
    revoked timestamptz,
    declared_origin cidr[] NOT NULL,
    imported_at timestamptz NOT NULL
);
CREATE INDEX keys_tenant ON callerprint.keys (tenant);

CREATE TABLE callerprint.parties (
    uid text PRIMARY KEY,
    name text NOT NULL,
    aliases text[] NOT NULL,
    domains text[] NOT NULL,
    networks cidr[] NOT NULL,
    class text NOT NULL,
    country text NOT NULL,
    imported_at timestamptz NOT NULL
);

-- Two clocks: valid_* says when it was true, known_* when we believed it. Rows are never changed
-- but for known_to, which a correction closes. All intervals are half-open.
CREATE TABLE callerprint.licences (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uid text NOT NULL,
    subject_kind text NOT NULL CHECK (subject_kind IN ('tenant', 'party')),
    subject text NOT NULL,
    service text NOT NULL,
    operations text[] NOT NULL,
    parameters text[] NOT NULL,
    use_case text NOT NULL,
    regions text[] NOT NULL,
    valid_from timestamptz,
    valid_to timestamptz,
    known_from timestamptz,
    known_to timestamptz,
    grace_seconds bigint NOT NULL CHECK (grace_seconds >= 0),
    imported_at timestamptz NOT NULL,
    CHECK (known_from IS NULL OR known_to IS NULL OR known_from <= known_to)
);
CREATE INDEX licences_uid ON callerprint.licences (uid);
CREATE INDEX licences_subject ON callerprint.licences (subject);

CREATE TABLE callerprint.gates (
    uid text PRIMARY KEY,
    service text NOT NULL,
    operations text[] NOT NULL,
    clause text NOT NULL,
    imported_at timestamptz NOT NULL
);

CREATE TABLE callerprint.leaks (
    key text NOT NULL,
    key_hash text NOT NULL,
    first_seen timestamptz NOT NULL,
    source text NOT NULL,
    imported_at timestamptz NOT NULL,
    PRIMARY KEY (key, key_hash, source),
    CHECK (key <> '' OR key_hash <> '')
);
