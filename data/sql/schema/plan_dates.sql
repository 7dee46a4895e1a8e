-- Dates of published plans, checked at commit (the exclusion constraint on plan_areas already refuses two a day):
-- 1. a plan has rows in plan_areas exactly when it is published or superseded, inside its own days and scheme;
-- 2. once a community has had a plan, no later day is without one: its plans follow without a gap, the last is open.
-- A plan replaced before its first day keeps its row with no days ('empty'); such rows are no gap.
CREATE FUNCTION wangge_plan_dates() RETURNS trigger
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    changed bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.plan_id ELSE NEW.plan_id END;
    plan plans%ROWTYPE;
    days daterange;
BEGIN
    SELECT * INTO plan FROM plans WHERE plan_id = changed;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF (plan.valid IS NOT NULL) <> EXISTS (SELECT FROM plan_areas WHERE plan_id = changed) THEN
        RAISE EXCEPTION 'plan % has days for its communities exactly when it is published', changed
            USING ERRCODE = 'check_violation', CONSTRAINT = 'plans_dated_areas';
    END IF;
    IF EXISTS (
        SELECT FROM plan_areas WHERE plan_id = changed AND NOT (scheme = plan.scheme AND valid <@ plan.valid)
    ) THEN
        RAISE EXCEPTION 'plan % holds in a community outside its own days or scheme', changed
            USING ERRCODE = 'check_violation', CONSTRAINT = 'plans_dated_areas';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER plans_dated_areas AFTER INSERT OR UPDATE ON plans
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wangge_plan_dates();
CREATE CONSTRAINT TRIGGER plan_areas_dated AFTER INSERT OR UPDATE OR DELETE ON plan_areas
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wangge_plan_dates();

CREATE FUNCTION wangge_plan_gaps() RETURNS trigger
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    changed plan_areas%ROWTYPE;
    days datemultirange;
BEGIN
    FOR changed IN SELECT * FROM unnest(ARRAY[OLD, NEW]) WHERE area_code IS NOT NULL LOOP
        SELECT range_agg(valid) INTO days FROM plan_areas
        WHERE scheme = changed.scheme AND area_code = changed.area_code AND NOT isempty(valid);
        IF days IS NOT NULL AND (days <> datemultirange(range_merge(days)) OR NOT upper_inf(days)) THEN
            RAISE EXCEPTION 'community % would have days without a plan: its plans hold %', changed.area_code, days
                USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_areas_no_gap';
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER plan_areas_no_gap AFTER INSERT OR UPDATE OR DELETE ON plan_areas
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wangge_plan_gaps();
