-- The role that statements of investigators run as: SELECT on the views, nothing else. In the
-- embedded cluster it logs in over the socket (peer); in a database of yours it is switched to.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'callerprint_read') THEN
        CREATE ROLE callerprint_read LOGIN CONNECTION LIMIT 20;
    END IF;
    IF NOT pg_has_role(current_user, 'callerprint_read', 'MEMBER') THEN
        EXECUTE format('GRANT callerprint_read TO %I', current_user);
    END IF;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO callerprint_read', current_database());
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        -- Only a superuser can limit temporary files and take functions from PUBLIC: large objects
        -- can be written in a read-only transaction of PostgreSQL 15, and set_config can leave a
        -- role that was switched to.
        ALTER ROLE callerprint_read SET temp_file_limit = '256MB';
        REVOKE EXECUTE ON FUNCTION pg_catalog.lo_create(oid), pg_catalog.lo_creat(integer),
            pg_catalog.lo_from_bytea(oid, bytea), pg_catalog.lo_put(oid, bigint, bytea),
            pg_catalog.lowrite(integer, bytea), pg_catalog.lo_unlink(oid),
            pg_catalog.lo_truncate(integer, integer), pg_catalog.lo_truncate64(integer, bigint),
            pg_catalog.set_config(text, text, boolean) FROM PUBLIC;
    END IF;
END $$;
ALTER ROLE callerprint_read SET default_transaction_read_only = on;
ALTER ROLE callerprint_read SET statement_timeout = '15s';
ALTER ROLE callerprint_read SET lock_timeout = '1s';
ALTER ROLE callerprint_read SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE callerprint_read SET search_path = investigate;
ALTER ROLE callerprint_read SET work_mem = '16MB';

REVOKE ALL ON SCHEMA callerprint FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA callerprint FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA investigate TO callerprint_read;
GRANT SELECT ON ALL TABLES IN SCHEMA investigate TO callerprint_read;
ALTER DEFAULT PRIVILEGES IN SCHEMA investigate GRANT SELECT ON TABLES TO callerprint_read;
