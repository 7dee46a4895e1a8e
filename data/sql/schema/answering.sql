-- Who answers for a duty on a day: whoever holds it; while they are away, the substitute of their absence (of this
-- duty, where it has one of its own) unless that one is away too. Derived, never stored: the calendar may change.
-- One step only: the substitute of a substitute is asked for nothing, so there is no circle to go round in.
-- Rows: one a duty that holds on the day; answer_id is null with a problem: away, substitute_away.
-- It runs as whoever asks, in their scope.
-- Row-level security and days hide from the planner how many rows there are: it takes 80,000 duties for a hundred, and
-- looks through all absences for each. What calls this therefore joins by hashing (enable_nestloop).
CREATE FUNCTION wangge_standing(day date) RETURNS TABLE (
    duty_id bigint, person_id bigint, area_code text, role text, grid_code text, zone_code text, unit_code text,
    building_id bigint, valid daterange, answer_id bigint, problem text
) LANGUAGE sql STABLE AS $$
    SELECT d.duty_id, d.person_id, d.area_code::text, d.role, d.grid_code::text, d.zone_code::text, d.unit_code::text,
        d.building_id, d.valid,
        CASE
            WHEN a.absence_id IS NULL THEN d.person_id
            WHEN s.absence_id IS NULL THEN coalesce(o.substitute_id, a.substitute_id)
        END,
        CASE
            WHEN a.absence_id IS NULL THEN NULL
            WHEN coalesce(o.substitute_id, a.substitute_id) IS NULL THEN 'away'
            WHEN s.absence_id IS NOT NULL THEN 'substitute_away'
        END
    FROM duties d
    LEFT JOIN absences a ON a.person_id = d.person_id AND a.away @> day
    LEFT JOIN absence_duties o ON o.absence_id = a.absence_id AND o.duty_id = d.duty_id
    LEFT JOIN absences s ON s.person_id = coalesce(o.substitute_id, a.substitute_id) AND s.away @> day
    WHERE d.valid @> day
$$;

-- Rows: one a duty of the caller's scope that holds on the day, with who answers, by name; the one who answers may
-- live in another area, so the scope is widened for this one query and put back. No private number leaves here.
CREATE FUNCTION wangge_answers(day date) RETURNS TABLE (
    duty_id bigint, person_id bigint, area_code text, role text, grid_code text, zone_code text, unit_code text,
    building_id bigint, valid daterange, name text, answer_id bigint, answer text, kind text, duty_line text, problem text
) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_nestloop = off AS $$
DECLARE
    scope text := coalesce(current_setting('wangge.scope', true), '');
BEGIN
    PERFORM set_config('wangge.scope', '*', true);
    RETURN QUERY
        SELECT w.duty_id, w.person_id, w.area_code, w.role, w.grid_code, w.zone_code, w.unit_code, w.building_id,
            w.valid, h.name, w.answer_id, p.name, p.kind, p.duty_line, w.problem
        FROM wangge_standing(day) w
        JOIN people h ON h.person_id = w.person_id
        LEFT JOIN people p ON p.person_id = w.answer_id
        WHERE scope = '*' OR (scope <> '' AND starts_with(w.area_code, scope));
    PERFORM set_config('wangge.scope', scope, true);
END
$$;
REVOKE ALL ON FUNCTION wangge_answers(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wangge_answers(date) TO wangge_writer;

-- On which days grids have somebody of a role: a row a grid that ever had a duty of it: grid_code, days. Of all
-- scopes: that somebody answers is no secret, who it is stays behind. Days are added up as sets, not one by one.
CREATE FUNCTION wangge_answered(asked text) RETURNS TABLE (grid_code text, days datemultirange)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_nestloop = off AS $$
DECLARE
    scope text := current_setting('wangge.scope', true);
BEGIN
    PERFORM set_config('wangge.scope', '*', true);
    RETURN QUERY
        WITH gone AS (
            SELECT a.person_id, range_agg(a.away) AS days FROM absences a GROUP BY a.person_id
        ),
        turns AS (
            SELECT d.grid_code, datemultirange(d.valid) - coalesce(g.days, '{}') AS days
            FROM duties d
            LEFT JOIN gone g ON g.person_id = d.person_id
            WHERE d.role = asked AND d.grid_code IS NOT NULL
            UNION ALL
            SELECT d.grid_code, datemultirange(d.valid * a.away) - coalesce(g.days, '{}')
            FROM duties d
            JOIN absences a ON a.person_id = d.person_id AND a.away && d.valid
            LEFT JOIN absence_duties o ON o.absence_id = a.absence_id AND o.duty_id = d.duty_id
            LEFT JOIN gone g ON g.person_id = coalesce(o.substitute_id, a.substitute_id)
            WHERE d.role = asked AND d.grid_code IS NOT NULL AND coalesce(o.substitute_id, a.substitute_id) IS NOT NULL
        )
        SELECT t.grid_code::text, range_agg(t.days) FROM turns t GROUP BY t.grid_code;
    PERFORM set_config('wangge.scope', coalesce(scope, ''), true);
END
$$;
REVOKE ALL ON FUNCTION wangge_answered(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wangge_answered(text) TO wangge_writer;

-- Whom the public may call: a row a grid that has a worker on that day: grid_code, masked name, duty line. Of several
-- the one who holds it longest; a substitute only where nobody of the grid is there. Nobody learns that one is away.
CREATE OR REPLACE FUNCTION public_contacts(day date) RETURNS TABLE (grid_code text, name text, duty_line text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_nestloop = off AS $$
DECLARE
    scope text := current_setting('wangge.scope', true);
BEGIN
    PERFORM set_config('wangge.scope', '*', true);
    RETURN QUERY
        SELECT DISTINCT ON (w.grid_code) w.grid_code, wangge_masked_name(p.name, p.kind), p.duty_line
        FROM wangge_standing(day) w
        JOIN people p ON p.person_id = w.answer_id
        WHERE w.role = 'worker' AND w.grid_code IS NOT NULL
        ORDER BY w.grid_code, w.answer_id <> w.person_id, lower(w.valid) NULLS FIRST, w.duty_id;
    PERFORM set_config('wangge.scope', coalesce(scope, ''), true);
END
$$;
