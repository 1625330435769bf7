-- The audit becomes a chain: the mac of an entry is made of the mac before it and of all that the
-- entry says (service/coverage/audit_chain.hpp), under a key that is not in the database. Entries
-- that are there already are taken in by plain SHA-256; the first entry behind them is keyed, and
-- binds them.
ALTER TABLE callerprint.audit
    ALTER COLUMN n DROP IDENTITY,
    ADD COLUMN mac bytea CHECK (octet_length(mac) = 32),
    ADD COLUMN keyed boolean NOT NULL DEFAULT true;

-- Its row lock is what makes one chain of concurrent writers; n has no holes behind the first keyed
-- entry, so that one that is missing has a number.
CREATE TABLE callerprint.audit_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    n bigint NOT NULL,
    mac bytea NOT NULL CHECK (octet_length(mac) = 32),
    keyed boolean NOT NULL
);

DO $$
DECLARE
    entry record;
    head bytea := decode(repeat('00', 32), 'hex');
    last bigint := 0;
    part bytea;
    said bytea;
BEGIN
    FOR entry IN SELECT * FROM callerprint.audit ORDER BY n LOOP
        said := ''::bytea;
        FOREACH part IN ARRAY ARRAY[
            'callerprint audit 1'::bytea, head, convert_to(entry.n::text, 'UTF8'),
            convert_to(callerprint.micros(entry.at)::text, 'UTF8'),
            convert_to(entry.actor, 'UTF8'), convert_to(entry.action, 'UTF8'),
            convert_to(entry.object, 'UTF8'), sha256(convert_to(entry.details::text, 'UTF8'))]
        LOOP
            said := said || int8send(octet_length(part)) || part;
        END LOOP;
        head := sha256(said);
        last := entry.n;
        UPDATE callerprint.audit SET mac = head, keyed = false WHERE n = entry.n;
    END LOOP;
    INSERT INTO callerprint.audit_head (n, mac, keyed) VALUES (last, head, false);
END $$;
ALTER TABLE callerprint.audit ALTER COLUMN mac SET NOT NULL;

-- Nobody changes what is written: not by right, and not by being the owner or a superuser without
-- taking the trigger away first. Who does that is found by the chain.
CREATE FUNCTION callerprint.audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is only ever appended to' USING ERRCODE = 'insufficient_privilege';
END $$;
REVOKE ALL ON FUNCTION callerprint.audit_stays() FROM PUBLIC;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON callerprint.audit
    FOR EACH STATEMENT EXECUTE FUNCTION callerprint.audit_stays();
ALTER TABLE callerprint.audit ENABLE ALWAYS TRIGGER audit_stays;
CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON callerprint.audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION callerprint.audit_stays();
ALTER TABLE callerprint.audit_head ENABLE ALWAYS TRIGGER audit_head_stays;
REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES ON callerprint.audit FROM CURRENT_USER;
REVOKE DELETE, TRUNCATE, REFERENCES ON callerprint.audit_head FROM CURRENT_USER;

CREATE OR REPLACE VIEW investigate.audit AS
SELECT n, at, actor, action, object, details, encode(mac, 'hex') AS mac FROM callerprint.audit;
COMMENT ON COLUMN investigate.audit.mac IS 'Ties the entry to all before it; callerprint audit verify checks them.';
