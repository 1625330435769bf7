-- The names that networks had when calls came from them: a holder is looked for by name in this list,
-- and then in the rollups by number and name, so that calls from before or after a network changed
-- hands are not taken for the holder's. Filled when activity is merged; never more rows than names.
CREATE TABLE callerprint.network_names (
    asn bigint NOT NULL,
    as_name text NOT NULL, -- empty: none was known
    PRIMARY KEY (asn, as_name)
);

-- Of what is merged already one name for each network, by the index that leads with it: there are few
-- networks and many hours.
INSERT INTO callerprint.network_names
WITH RECURSIVE each AS ((SELECT min(asn) AS asn FROM callerprint.key_origin_hour)
    UNION ALL SELECT (SELECT min(t.asn) FROM callerprint.key_origin_hour AS t WHERE t.asn > each.asn)
    FROM each WHERE each.asn IS NOT NULL)
SELECT asn, coalesce((SELECT t.as_name FROM callerprint.key_origin_hour AS t WHERE t.asn = each.asn
    AND t.as_name IS NOT NULL LIMIT 1), '') FROM each WHERE asn IS NOT NULL;
