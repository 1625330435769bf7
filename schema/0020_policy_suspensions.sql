-- Times in which a rule was not tried, because it cost too much.
CREATE TABLE callerprint.policy_suspensions (
    digest text NOT NULL,
    policy_key text NOT NULL,
    from_time timestamptz NOT NULL,
    to_time timestamptz,  -- NULL: it still is
    PRIMARY KEY (digest, from_time)
);
-- The keys of the rules that a policy is or counts.
ALTER TABLE callerprint.policy_needs ADD COLUMN rules text[] NOT NULL DEFAULT '{}';

CREATE OR REPLACE VIEW investigate.policy_blindness AS
SELECT n.policy_key, n.title AS policy_title, nullif(g.source, '') AS source, g.from_time,
       g.to_time + n.timespan AS to_time, g.cause AS why, g.lost, g.acknowledged, n.timespan
FROM callerprint.policy_needs AS n
JOIN investigate.coverage_gaps AS g ON g.source = '' OR g.source = ANY (n.sources)
WHERE g.cause <> 'not_retained'
UNION ALL
SELECT n.policy_key, n.title, NULL, s.from_time, coalesce(s.to_time, now()) + n.timespan,
       'suspended', NULL, false, n.timespan
FROM callerprint.policy_needs AS n
JOIN callerprint.policy_suspensions AS s ON s.policy_key = ANY (n.rules);
COMMENT ON COLUMN investigate.policy_blindness.why IS 'Cause of the gap: silent, sequence, counter, dead_letters, clock; suspended: a rule of the policy cost too much and was not tried.';
