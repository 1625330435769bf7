-- Who never called stands here with a zero, and a zero says nothing without what was looked at. The
-- coverage is read once, and only for rows that need it.
CREATE OR REPLACE VIEW investigate.keys AS
WITH covered AS MATERIALIZED (SELECT kept_since, share, whole FROM investigate.coverage_of())
SELECT k.uid AS key_uid, k.tenant AS tenant_uid, true AS registered, nullif(k.status, '') AS status,
       k.created, k.revoked, k.declared_origin, s.first_hour, s.last_hour, coalesce(s.calls, 0) AS calls,
       coalesce(s.failed, 0) AS failed, coalesce(s.denied, 0) AS denied, coalesce(s.units, 0) AS units,
       CASE WHEN s.calls IS NULL THEN (SELECT kept_since FROM covered) END AS kept_since,
       CASE WHEN s.calls IS NULL THEN (SELECT share FROM covered) END AS coverage_share,
       CASE WHEN s.calls IS NULL THEN (SELECT whole FROM covered) END AS coverage_whole
FROM callerprint.keys k
LEFT JOIN (SELECT key_uid, min(hour) AS first_hour, max(hour) AS last_hour,
                  callerprint.whole(sum(calls)) AS calls, callerprint.whole(sum(failed)) AS failed,
                  callerprint.whole(sum(denied)) AS denied, sum(units) AS units
           FROM callerprint.key_operation_parts GROUP BY key_uid) s ON s.key_uid = k.uid
UNION ALL
SELECT s.key_uid, min(s.tenant_uid), false, NULL, NULL, NULL, NULL, min(s.hour), max(s.hour),
       callerprint.whole(sum(s.calls)), callerprint.whole(sum(s.failed)),
       callerprint.whole(sum(s.denied)), sum(s.units), NULL, NULL, NULL
FROM callerprint.key_operation_parts s
WHERE s.key_uid NOT IN ('', '(other)')
  AND NOT EXISTS (SELECT FROM callerprint.keys k WHERE k.uid = s.key_uid)
GROUP BY s.key_uid;

CREATE OR REPLACE VIEW investigate.tenants AS
WITH covered AS MATERIALIZED (SELECT kept_since, share, whole FROM investigate.coverage_of())
SELECT t.uid AS tenant_uid, true AS registered, nullif(t.name, '') AS name, nullif(t.tier, '') AS tier,
       nullif(t.status, '') AS status, t.created, nullif(t.country, '') AS country,
       nullif(t.party, '') AS party_uid, s.first_hour, s.last_hour, coalesce(s.calls, 0) AS calls,
       coalesce(s.failed, 0) AS failed, coalesce(s.units, 0) AS units,
       CASE WHEN s.calls IS NULL THEN (SELECT kept_since FROM covered) END AS kept_since,
       CASE WHEN s.calls IS NULL THEN (SELECT share FROM covered) END AS coverage_share,
       CASE WHEN s.calls IS NULL THEN (SELECT whole FROM covered) END AS coverage_whole
FROM callerprint.tenants t
LEFT JOIN (SELECT tenant_uid, min(hour) AS first_hour, max(hour) AS last_hour,
                  callerprint.whole(sum(calls)) AS calls, callerprint.whole(sum(failed)) AS failed,
                  sum(units) AS units
           FROM callerprint.tenant_operation_parts GROUP BY tenant_uid) s ON s.tenant_uid = t.uid
UNION ALL
SELECT s.tenant_uid, false, NULL, NULL, NULL, NULL, NULL, NULL, min(s.hour), max(s.hour),
       callerprint.whole(sum(s.calls)), callerprint.whole(sum(s.failed)), sum(s.units), NULL, NULL, NULL
FROM callerprint.tenant_operation_parts s
WHERE s.tenant_uid NOT IN ('', '(other)')
  AND NOT EXISTS (SELECT FROM callerprint.tenants t WHERE t.uid = s.tenant_uid)
GROUP BY s.tenant_uid;

COMMENT ON COLUMN investigate.keys.kept_since IS 'When calls is 0: nothing before it is kept, so nothing is said of it. Else NULL.';
COMMENT ON COLUMN investigate.keys.coverage_share IS 'When calls is 0: what was read since of what was sent, 0 to 1, as coverage_of() has it. Else NULL.';
COMMENT ON COLUMN investigate.keys.coverage_whole IS 'When calls is 0: whether every gap since is acknowledged; only then is the zero more than a guess. Else NULL.';
COMMENT ON COLUMN investigate.tenants.kept_since IS 'When calls is 0: nothing before it is kept, so nothing is said of it. Else NULL.';
COMMENT ON COLUMN investigate.tenants.coverage_share IS 'When calls is 0: what was read since of what was sent, 0 to 1, as coverage_of() has it. Else NULL.';
COMMENT ON COLUMN investigate.tenants.coverage_whole IS 'When calls is 0: whether every gap since is acknowledged; only then is the zero more than a guess. Else NULL.';
