-- The audit: every statement that writes rows leaves one row in `audit`, or is refused, whoever runs it.
-- Who and what come from the transaction's settings wangge.actor and wangge.action.
-- A statement that touched no row leaves none, or each cascade would leave one for every parent row.
CREATE FUNCTION wangge_audit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    actor text := nullif(current_setting('wangge.actor', true), '');
    action text := nullif(current_setting('wangge.action', true), '');
    touched bigint;
BEGIN
    IF actor IS NULL OR action IS NULL THEN
        RAISE EXCEPTION 'a write to % names no actor or action', TG_TABLE_NAME USING
            ERRCODE = 'insufficient_privilege',
            HINT = 'Set wangge.actor and wangge.action in the transaction first.';
    END IF;
    IF TG_OP = 'TRUNCATE' THEN
        EXECUTE format('SELECT count(*) FROM %I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO touched;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT count(*) INTO touched FROM old_rows;
    ELSE
        SELECT count(*) INTO touched FROM new_rows;
    END IF;
    IF touched > 0 THEN
        INSERT INTO audit (actor, action, noun, operation, rows)
        VALUES (actor, action, TG_TABLE_NAME, lower(TG_OP), touched);
    END IF;
    RETURN NULL;
END
$$;

-- Puts a table under audit. One trigger an operation: PostgreSQL gives transition tables to no other.
CREATE FUNCTION wangge_watch(watched regclass) RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER audit_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows'
        ' FOR EACH STATEMENT EXECUTE FUNCTION wangge_audit()', watched);
    EXECUTE format('CREATE TRIGGER audit_update AFTER UPDATE ON %s REFERENCING NEW TABLE AS new_rows'
        ' FOR EACH STATEMENT EXECUTE FUNCTION wangge_audit()', watched);
    EXECUTE format('CREATE TRIGGER audit_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows'
        ' FOR EACH STATEMENT EXECUTE FUNCTION wangge_audit()', watched);
    EXECUTE format('CREATE TRIGGER audit_truncate BEFORE TRUNCATE ON %s'
        ' FOR EACH STATEMENT EXECUTE FUNCTION wangge_audit()', watched);
END
$$;
REVOKE ALL ON FUNCTION wangge_watch(regclass) FROM PUBLIC;

-- What was written down stays: not even the owner's role changes a row of the audit by mistake.
CREATE FUNCTION wangge_audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is only added to' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION wangge_audit_stays();
