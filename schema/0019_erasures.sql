-- Requests that a person's data be erased. One asks and another approves; then the server does it
-- (docs/reference/erasure.md). What names the person stands here until it is done, and no longer.
CREATE TABLE callerprint.erasures (
    id text PRIMARY KEY CHECK (id ~ '^[a-z2-7]{10}$'),
    requested_at timestamptz NOT NULL,
    requested_by text NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    subject_values text[], -- what to erase; NULL once that is done, or will not be
    rows_found bigint NOT NULL, -- when it was asked for: what an approver can compare
    approved_at timestamptz,
    approved_by text,
    withdrawn_at timestamptz,
    withdrawn_by text,
    done_at timestamptz,
    journal_end bigint, -- blocks of the journal below were rewritten
    result jsonb, -- counts of what was replaced where
    CHECK ((approved_at IS NULL) = (approved_by IS NULL)),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL)),
    CHECK (approved_by <> requested_by),
    CHECK (withdrawn_at IS NULL OR done_at IS NULL),
    CHECK (done_at IS NULL OR approved_at IS NOT NULL),
    CHECK ((done_at IS NULL) = (result IS NULL)),
    CHECK ((subject_values IS NULL) = (done_at IS NOT NULL OR withdrawn_at IS NOT NULL))
);
CREATE INDEX erasures_open ON callerprint.erasures (requested_at) WHERE subject_values IS NOT NULL;

CREATE VIEW investigate.erasures AS
SELECT id AS erasure_id, requested_at, requested_by, reason, approved_at, approved_by, withdrawn_at,
       withdrawn_by, done_at,
       CASE WHEN done_at IS NOT NULL THEN 'done' WHEN withdrawn_at IS NOT NULL THEN 'withdrawn'
            WHEN approved_at IS NOT NULL THEN 'approved' ELSE 'requested' END AS state,
       rows_found, journal_end, result
FROM callerprint.erasures;
COMMENT ON VIEW investigate.erasures IS 'Requests that a person''s data be erased, and what was done. Names nobody who was erased.';
COMMENT ON COLUMN investigate.erasures.erasure_id IS 'Its id; pseudonyms are erased- and it.';
COMMENT ON COLUMN investigate.erasures.requested_at IS 'When it was asked for.';
COMMENT ON COLUMN investigate.erasures.requested_by IS 'Who asked.';
COMMENT ON COLUMN investigate.erasures.reason IS 'Why: the number of a case, say.';
COMMENT ON COLUMN investigate.erasures.approved_at IS 'When a second person approved.';
COMMENT ON COLUMN investigate.erasures.approved_by IS 'Who approved; never who asked.';
COMMENT ON COLUMN investigate.erasures.withdrawn_at IS 'When it was withdrawn.';
COMMENT ON COLUMN investigate.erasures.withdrawn_by IS 'Who withdrew it.';
COMMENT ON COLUMN investigate.erasures.done_at IS 'When nothing was left.';
COMMENT ON COLUMN investigate.erasures.state IS 'requested, approved, withdrawn or done.';
COMMENT ON COLUMN investigate.erasures.rows_found IS 'Rows of the database that named the person when it was asked for.';
COMMENT ON COLUMN investigate.erasures.journal_end IS 'Blocks of the journal below it were rewritten.';
COMMENT ON COLUMN investigate.erasures.result IS 'What was replaced, by table; and in the journal.';
GRANT SELECT ON investigate.erasures TO callerprint_read;

-- A record that was changed is not what was signed any more; whoever reads it has to know why.
ALTER TABLE callerprint.answers ADD COLUMN erasure text REFERENCES callerprint.erasures;

-- What an entry of the audit says may have to be erased, and its mac, which the chain goes on from,
-- cannot be computed again then. `erased` proves in its place that the program changed it: a mac of
-- the one before and of what is left (service/coverage/audit_chain.hpp).
ALTER TABLE callerprint.audit ADD COLUMN erased bytea CHECK (octet_length(erased) = 32);
CREATE OR REPLACE VIEW investigate.audit AS
SELECT n, at, actor, action, object, details, encode(mac, 'hex') AS mac, erased IS NOT NULL AS erased
FROM callerprint.audit;
COMMENT ON COLUMN investigate.audit.erased IS 'Names of a person were replaced in it.';
