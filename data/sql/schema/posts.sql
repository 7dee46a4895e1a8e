-- Whom a notice board names beside the worker: who answers on a day as grid head, building head, answerable unit, police
-- or lawyer. A row a post: role, code (of the grid, zone or building: b and its id), name (of a person the surname alone,
-- as wangge_masked_name gives it; an organisation's own), kind, duty_line. Of several the one who holds it longest; a
-- substitute only where nobody of the post is there. Nobody learns that one is away, nor a private number.
-- Parameters: day, within (leading digits of the area, or *). It runs as its owner, over all scopes, as public_contacts.
CREATE FUNCTION public_posts(day date, within text)
    RETURNS TABLE (role text, code text, name text, kind text, duty_line text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_nestloop = off AS $$
DECLARE
    scope text := current_setting('wangge.scope', true);
BEGIN
    PERFORM set_config('wangge.scope', '*', true);
    RETURN QUERY
        SELECT DISTINCT ON (w.role, coalesce(w.grid_code, w.zone_code, 'b' || w.building_id::text))
            w.role, coalesce(w.grid_code, w.zone_code, 'b' || w.building_id::text),
            CASE p.kind
                WHEN 'organisation' THEN p.name
                ELSE regexp_replace(wangge_masked_name(p.name, p.kind), '\s*网格员$', '')
            END,
            p.kind, p.duty_line
        FROM wangge_standing(day) w
        JOIN people p ON p.person_id = w.answer_id
        WHERE w.role IN ('grid_head', 'building_head', 'answerable_unit', 'police', 'lawyer')
            AND (within = '*' OR starts_with(w.area_code, within))
        ORDER BY w.role, coalesce(w.grid_code, w.zone_code, 'b' || w.building_id::text),
            w.answer_id <> w.person_id, lower(w.valid) NULLS FIRST, w.duty_id;
    PERFORM set_config('wangge.scope', coalesce(scope, ''), true);
END
$$;
REVOKE ALL ON FUNCTION public_posts(date, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public_posts(date, text) TO wangge_writer, wangge_reader;
