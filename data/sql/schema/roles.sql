-- Makes the three roles, where the cluster has them not yet, and lets the login that migrates act as each.
-- Parameters: none. Roles belong to the whole cluster: two databases may share them, so they are never dropped.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['wangge_owner', 'wangge_writer', 'wangge_reader'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- another database of this cluster made it in the same moment
        END;
        IF NOT pg_has_role(session_user, role_name, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO %I', role_name, session_user);
        END IF;
    END LOOP;
END
$$;

GRANT USAGE, CREATE ON SCHEMA public TO wangge_owner;
GRANT USAGE ON SCHEMA public TO wangge_writer, wangge_reader;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
