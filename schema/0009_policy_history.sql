-- What a call was judged by, and what is needed to judge it again: which revision of the policies
-- evaluated each journal block, the format that reads a kept record, and when sources fell silent.

-- One row where the revision changes: it judged the blocks from from_block up to the next row's. The
-- row is written in the transaction of the first batch under the revision, so it is as exact as the
-- position itself. A batch has one revision.
CREATE TABLE callerprint.policy_activations (
    source text NOT NULL,
    partition integer NOT NULL,
    from_block bigint NOT NULL,
    revision text NOT NULL,
    applied_at timestamptz NOT NULL,
    PRIMARY KEY (source, partition, from_block)
);
ALTER TABLE callerprint.alerts ADD COLUMN policy_revision text NOT NULL DEFAULT '';

-- A source's format may be told from each body; without it a kept record could be read by guessing only.
ALTER TABLE callerprint.calls ADD COLUMN format text;

-- A source that was declared silent holds the watermark back no more, and whether a call is late
-- depends on that.
CREATE TABLE callerprint.silences (
    block bigint NOT NULL,
    source text NOT NULL,
    declared_at timestamptz NOT NULL,
    PRIMARY KEY (block, source)
);

CREATE OR REPLACE VIEW investigate.alerts AS
SELECT id AS alert_id, tenant_uid, policy_key, policy_title, level, family, nullif(clause, '') AS clause,
       subject_kind, subject, "group", opened, last_seen, count, summary, state,
       nullif(disposition, '') AS disposition, nullif(sub_reason, '') AS sub_reason,
       nullif(assignee, '') AS assignee, snoozed_until, acknowledged_at, closed_at, reopened, shadow,
       policy_id, policy_name, policy_status, policy_digest, evidence, benign, created_at, changed_at,
       nullif(policy_revision, '') AS policy_revision
FROM callerprint.alerts;
COMMENT ON COLUMN investigate.alerts.policy_revision IS 'Revision of the policies that opened it; NULL: opened before revisions were noted.';

CREATE VIEW investigate.policy_revisions AS
SELECT a.revision, a.source AS stream, a.partition, a.from_block,
       lead(a.from_block) OVER later AS to_block, a.applied_at,
       lead(a.applied_at) OVER later AS replaced_at,
       (SELECT count(*) FROM callerprint.policies p WHERE p.revision = a.revision) AS policies,
       lead(a.from_block) OVER later IS NULL AS current
FROM callerprint.policy_activations a
WINDOW later AS (PARTITION BY a.source, a.partition ORDER BY a.from_block);
COMMENT ON VIEW investigate.policy_revisions IS 'Which revision of the policies judged which journal blocks: every block was judged by one. A revision that came back has several rows.';
COMMENT ON COLUMN investigate.policy_revisions.revision IS 'Digest of all policies and lists; see policies.';
COMMENT ON COLUMN investigate.policy_revisions.stream IS 'Stream of the journal: main. Not the source of a call.';
COMMENT ON COLUMN investigate.policy_revisions.partition IS 'Partition of it.';
COMMENT ON COLUMN investigate.policy_revisions.from_block IS 'First journal block it judged; compare calls.block.';
COMMENT ON COLUMN investigate.policy_revisions.to_block IS 'First block it judged no more; NULL: it judges still.';
COMMENT ON COLUMN investigate.policy_revisions.applied_at IS 'When its first batch was stored.';
COMMENT ON COLUMN investigate.policy_revisions.replaced_at IS 'When the first batch of the next one was stored; NULL: it judges still.';
COMMENT ON COLUMN investigate.policy_revisions.policies IS 'Policies it has; see policies.';
COMMENT ON COLUMN investigate.policy_revisions.current IS 'True for the one that judges now.';
