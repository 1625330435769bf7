-- Alerts and what people do to them, evidence, endpoints, the outbox, tokens, policies and the audit.
CREATE TABLE callerprint.alerts (
    id text PRIMARY KEY,
    tenant_uid text NOT NULL DEFAULT '',
    policy_key text NOT NULL,
    policy_id text NOT NULL,
    policy_name text NOT NULL,
    policy_title text NOT NULL,
    policy_status text NOT NULL,
    policy_digest text NOT NULL,
    family text NOT NULL,
    clause text NOT NULL,
    shadow boolean NOT NULL,
    level text NOT NULL,
    subject_kind text NOT NULL,
    subject text NOT NULL,
    "group" jsonb NOT NULL,
    opened timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    count bigint NOT NULL CHECK (count >= 0),
    summary text NOT NULL,
    evidence jsonb NOT NULL,
    benign text[] NOT NULL,
    state text NOT NULL DEFAULT 'open'
        CHECK (state IN ('open', 'acknowledged', 'snoozed', 'closed')),
    -- The four heads are fixed, so that precision stays comparable between installations; the
    -- sub-reasons may be extended by the configuration.
    disposition text NOT NULL DEFAULT '' CHECK (disposition IN
        ('', 'true-positive', 'benign-positive', 'false-positive', 'undetermined')),
    sub_reason text NOT NULL DEFAULT '' CHECK (sub_reason ~ '^[a-z0-9-]{0,64}$'),
    assignee text NOT NULL DEFAULT '',
    snoozed_until timestamptz,
    acknowledged_at timestamptz,
    closed_at timestamptz,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    updates bigint NOT NULL DEFAULT 0,
    closings bigint NOT NULL DEFAULT 0,
    reopened bigint NOT NULL DEFAULT 0,
    CHECK ((state = 'closed') = (disposition <> '')),
    CHECK ((state = 'closed') = (sub_reason <> '')),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CHECK ((state = 'snoozed') = (snoozed_until IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX alerts_opened ON callerprint.alerts (opened DESC, id DESC);
-- A hash, because a btree refuses subjects of more than 2.7 KB.
CREATE INDEX alerts_subject ON callerprint.alerts USING hash (subject);

CREATE TABLE callerprint.alert_events (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id text NOT NULL REFERENCES callerprint.alerts ON DELETE CASCADE,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL CHECK (action IN
        ('opened', 'acknowledge', 'assign', 'snooze', 'close', 'reopen', 'comment')),
    detail text NOT NULL DEFAULT ''
);
CREATE INDEX alert_events_alert ON callerprint.alert_events (alert_id, n);

CREATE TABLE callerprint.evidence (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id text NOT NULL REFERENCES callerprint.alerts ON DELETE CASCADE,
    source text NOT NULL,
    block bigint NOT NULL,
    record bigint NOT NULL,
    time timestamptz,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    raw text NOT NULL,
    stored_at timestamptz NOT NULL,
    UNIQUE (alert_id, source, block, record)
);

CREATE TABLE callerprint.endpoints (
    id text PRIMARY KEY,
    name text NOT NULL UNIQUE,
    url text NOT NULL,
    format text NOT NULL,
    events text[] NOT NULL,
    min_level text NOT NULL DEFAULT '',
    policies text[] NOT NULL DEFAULT '{}',
    tenants text[] NOT NULL DEFAULT '{}',
    full_payload boolean NOT NULL DEFAULT false,
    allow_insecure boolean NOT NULL DEFAULT false,
    secret bytea NOT NULL,
    previous_secret bytea,
    previous_until timestamptz,
    enabled boolean NOT NULL DEFAULT true,
    disabled_reason text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
);

-- One row per alert transition and endpoint. `n` is the order in which an endpoint hears of an alert.
CREATE TABLE callerprint.outbox (
    n bigint GENERATED ALWAYS AS IDENTITY,
    id text PRIMARY KEY,
    endpoint_id text NOT NULL,
    alert_id text NOT NULL,
    event text NOT NULL,
    transition text NOT NULL,
    content_type text NOT NULL,
    body bytea NOT NULL,
    state text NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'delivered', 'dead')),
    attempt integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    lease_until timestamptz,
    worker text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    http_status integer,
    error text NOT NULL DEFAULT ''
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
CREATE INDEX outbox_due ON callerprint.outbox (endpoint_id, next_at) WHERE state = 'ready';
CREATE INDEX outbox_order ON callerprint.outbox (alert_id, endpoint_id, n);

CREATE TABLE callerprint.delivery_attempts (
    delivery_id text NOT NULL REFERENCES callerprint.outbox ON DELETE CASCADE,
    round integer NOT NULL DEFAULT 0,
    attempt integer NOT NULL,
    started_at timestamptz NOT NULL,
    worker text NOT NULL,
    -- 'unknown' until marked: after a crash it means "possibly delivered".
    outcome text NOT NULL DEFAULT 'unknown'
        CHECK (outcome IN ('unknown', 'delivered', 'failed', 'not_sent')),
    finished_at timestamptz,
    http_status integer,
    error text NOT NULL DEFAULT '',
    answer text NOT NULL DEFAULT '',
    took_ms bigint,
    PRIMARY KEY (delivery_id, started_at, attempt)
);

CREATE TABLE callerprint.tokens (
    id text PRIMARY KEY CHECK (length(id) = 10),
    name text NOT NULL,
    scopes text[] NOT NULL,
    sources text[] NOT NULL,
    mac bytea NOT NULL CHECK (length(mac) = 32),
    pepper_version integer NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);

CREATE TABLE callerprint.policy_revisions (
    revision text PRIMARY KEY,
    activated_at timestamptz NOT NULL,
    replaced_at timestamptz
);
CREATE TABLE callerprint.policies (
    revision text NOT NULL REFERENCES callerprint.policy_revisions ON DELETE CASCADE,
    position integer NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    kind text NOT NULL,
    level text NOT NULL,
    status text NOT NULL,
    family text NOT NULL,
    clause text NOT NULL,
    subject text NOT NULL,
    author text NOT NULL,
    description text NOT NULL,
    digest text NOT NULL,
    file text NOT NULL,
    PRIMARY KEY (revision, position)
);

CREATE TABLE callerprint.audit (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    object text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}'
);
