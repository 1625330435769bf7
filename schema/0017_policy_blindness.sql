-- What each policy that judges now needs: from which sources its calls may come, and how far back a
-- window of it reaches. Written at a start and a reload.
CREATE TABLE callerprint.policy_needs (
    position integer PRIMARY KEY,
    policy_key text NOT NULL,
    title text NOT NULL,
    timespan interval NOT NULL,
    sources text[] NOT NULL
);
CREATE VIEW investigate.policy_blindness AS
SELECT n.policy_key, n.title AS policy_title, nullif(g.source, '') AS source, g.from_time,
       g.to_time + n.timespan AS to_time, g.cause AS why, g.lost, g.acknowledged, n.timespan
FROM callerprint.policy_needs AS n
JOIN investigate.coverage_gaps AS g ON g.source = '' OR g.source = ANY (n.sources)
WHERE g.cause <> 'not_retained';
COMMENT ON VIEW investigate.policy_blindness IS 'Times in which policies that judge now could not have seen all that they are about: what they did not tell then proves nothing.';
COMMENT ON COLUMN investigate.policy_blindness.policy_key IS 'Policy id, else its name, else its title.';
COMMENT ON COLUMN investigate.policy_blindness.policy_title IS 'Title of the policy.';
COMMENT ON COLUMN investigate.policy_blindness.source IS 'Source of which something is missing; NULL: all of them.';
COMMENT ON COLUMN investigate.policy_blindness.from_time IS 'Event time from which it is blind.';
COMMENT ON COLUMN investigate.policy_blindness.to_time IS 'Up to when: the end of the gap and the timespan, as its windows reach back into the gap.';
COMMENT ON COLUMN investigate.policy_blindness.why IS 'Cause of the gap: silent, sequence, counter, dead_letters, clock.';
COMMENT ON COLUMN investigate.policy_blindness.lost IS 'Records that are missing, when it is known how many.';
COMMENT ON COLUMN investigate.policy_blindness.acknowledged IS 'Somebody knows of the gap. The policy is blind all the same.';
COMMENT ON COLUMN investigate.policy_blindness.timespan IS 'How far back a window of the policy reaches; 0 of a rule.';
GRANT SELECT ON investigate.policy_blindness TO callerprint_read;
