-- Whom an answer at a door names on a day: a row a grid's worker, a grid's head and a zone's answerable unit. In one
-- question, for it is asked anew after every change of anybody: role, code (of the grid or zone), name (a worker's as
-- public_contacts gives it, a head's and a unit's as public_posts does), duty_line. The same one of several as there.
-- Parameters: day. It runs as its owner, over all scopes, as public_contacts.
CREATE FUNCTION public_answers(day date) RETURNS TABLE (role text, code text, name text, duty_line text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_nestloop = off AS $$
DECLARE
    scope text := current_setting('wangge.scope', true);
BEGIN
    PERFORM set_config('wangge.scope', '*', true);
    RETURN QUERY
        -- By bytes: an order of letters would take longer than all the rest.
        SELECT DISTINCT ON (w.role COLLATE "C", coalesce(w.grid_code, w.zone_code) COLLATE "C")
            w.role, coalesce(w.grid_code, w.zone_code),
            CASE
                WHEN p.kind = 'organisation' THEN p.name
                WHEN w.role = 'worker' THEN wangge_masked_name(p.name, p.kind)
                ELSE regexp_replace(wangge_masked_name(p.name, p.kind), '\s*网格员$', '')
            END,
            p.duty_line
        FROM wangge_standing(day) w
        JOIN people p ON p.person_id = w.answer_id
        WHERE (w.role IN ('worker', 'grid_head') AND w.grid_code IS NOT NULL)
            OR (w.role = 'answerable_unit' AND w.zone_code IS NOT NULL)
        ORDER BY w.role COLLATE "C", coalesce(w.grid_code, w.zone_code) COLLATE "C",
            w.answer_id <> w.person_id, lower(w.valid) NULLS FIRST, w.duty_id;
    PERFORM set_config('wangge.scope', coalesce(scope, ''), true);
END
$$;
REVOKE ALL ON FUNCTION public_answers(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public_answers(date) TO wangge_writer, wangge_reader;
