-- Returns: a row a target of a role that holds on a day, by code: code, name, area_code, community, grid_code (that it
-- lies in; of a building none), households, people (null for household units), answering (how many answer), reason
-- (null where somebody answers; else away, substitute_away, ended, never), holder (who is away), ended_on (the first
-- day after the last duty), next_on (the first day of the next).
-- Parameters: on (date), role (text), scheme (text), within (text, leading digits or *), grid_code (text or null: all).
-- CRS: none. Index: plan_areas_pkey, zones_grid_id_idx, household_units_grid_id_idx, duties_grid_code_idx.
WITH held AS (
    SELECT g.grid_id, g.grid_code::text AS grid_code, g.name, g.area_code, g.households, g.people
    FROM grids g
    JOIN plan_areas pa ON pa.plan_id = g.plan_id AND pa.area_code = g.area_code
    WHERE pa.scheme = :scheme AND pa.valid @> cast(:on AS date)
        AND (:within = '*' OR starts_with(g.area_code, :within))
        AND (cast(:grid_code AS text) IS NULL OR g.grid_code = :grid_code)
),
targets AS (
    SELECT grid_code AS code, name, area_code, grid_code, households, people
    FROM held WHERE :role IN ('worker', 'grid_head', 'police', 'lawyer')
    UNION ALL
    SELECT z.zone_code::text, z.name, h.area_code, h.grid_code, z.households, z.people
    FROM held h JOIN zones z USING (grid_id) WHERE :role = 'answerable_unit'
    UNION ALL
    SELECT u.unit_code::text, NULL, h.area_code, h.grid_code, u.households, NULL
    FROM held h JOIN household_units u USING (grid_id) WHERE :role = 'unit_head'
    UNION ALL
    SELECT 'b' || b.building_id::text, coalesce(b.name, b.address), b.area_code, NULL, b.households, b.people
    FROM buildings b
    WHERE :role = 'building_head' AND cast(:grid_code AS text) IS NULL
        AND (:within = '*' OR starts_with(b.area_code, :within))
),
standing AS (
    SELECT
        coalesce(grid_code, zone_code, unit_code, 'b' || building_id::text) AS code, count(answer_id) AS answering,
        min(problem) AS problem, string_agg(name, '、' ORDER BY duty_id) FILTER (WHERE problem IS NOT NULL) AS holder
    FROM wangge_answers(:on)
    WHERE role = :role
    GROUP BY 1
),
known AS (
    SELECT
        coalesce(grid_code, zone_code, unit_code, 'b' || building_id::text) AS code,
        max(upper(valid)) FILTER (WHERE upper(valid) <= :on) AS ended_on,
        min(lower(valid)) FILTER (WHERE lower(valid) > :on) AS next_on
    FROM duties
    WHERE role = :role AND NOT valid @> cast(:on AS date)
    GROUP BY 1
)
SELECT
    t.code, t.name, t.area_code, a.name AS community, t.grid_code, t.households, t.people,
    coalesce(s.answering, 0) AS answering,
    CASE WHEN s.answering > 0 THEN NULL ELSE coalesce(s.problem, CASE WHEN k.ended_on IS NULL THEN 'never' ELSE 'ended' END)
    END AS reason,
    CASE WHEN s.answering > 0 THEN NULL ELSE s.holder END AS holder, k.ended_on, k.next_on
FROM targets t
JOIN areas a USING (area_code)
LEFT JOIN standing s USING (code)
LEFT JOIN known k USING (code)
ORDER BY t.code
