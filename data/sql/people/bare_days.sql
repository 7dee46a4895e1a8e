-- Returns: stretches of days in which a building has nobody of a role: building_id, area_code, name, households,
-- from_on, to_on (excluded), grid_codes (those without somebody then; none where no plan holds). A building in several
-- grids has somebody where each of them has. Days are added and taken as sets; no day is looked at by itself.
-- Parameters: from_on, to_on (dates, the latter excluded), role (text), scheme (text), within (text, leading digits or *).
-- CRS: none. Index: plan_areas_pkey, cells_building_id_idx, plan_cells_pkey.
WITH held AS (
    SELECT plan_id, area_code, valid * daterange(:from_on, :to_on) AS days
    FROM plan_areas
    WHERE scheme = :scheme AND valid && daterange(:from_on, :to_on)
),
parts AS (
    SELECT DISTINCT c.building_id, c.area_code, pc.plan_id, pc.grid_id
    FROM held h
    JOIN cells c ON c.area_code = h.area_code
    JOIN plan_cells pc ON pc.plan_id = h.plan_id AND pc.cell_id = c.cell_id
    JOIN buildings b USING (building_id)
    WHERE :within = '*' OR starts_with(b.area_code, :within)
),
lacking AS (
    SELECT g.grid_id, g.grid_code::text AS grid_code, datemultirange(h.days) - coalesce(a.days, datemultirange()) AS days
    FROM held h
    JOIN grids g ON g.plan_id = h.plan_id AND g.area_code = h.area_code
    LEFT JOIN wangge_answered(:role) a ON a.grid_code = g.grid_code
),
planned AS (
    SELECT p.building_id, p.area_code, range_agg(h.days) AS days
    FROM (SELECT DISTINCT building_id, area_code, plan_id FROM parts) p
    JOIN held h USING (plan_id, area_code)
    GROUP BY p.building_id, p.area_code
),
bare AS (
    SELECT b.building_id, NULL AS grid_code,
        datemultirange(daterange(:from_on, :to_on)) - coalesce(p.days, datemultirange()) AS days
    FROM buildings b
    LEFT JOIN planned p USING (building_id)
    WHERE :within = '*' OR starts_with(b.area_code, :within)
    UNION ALL
    SELECT p.building_id, l.grid_code, l.days FROM parts p JOIN lacking l USING (grid_id)
),
added AS (
    SELECT building_id, range_agg(days) AS days FROM bare WHERE NOT isempty(days) GROUP BY building_id
),
stretches AS (
    SELECT building_id, unnest(days) AS days FROM added
)
SELECT
    s.building_id, b.area_code, coalesce(b.name, b.address) AS name, b.households, lower(s.days) AS from_on,
    upper(s.days) AS to_on, coalesce(
        (SELECT array_agg(DISTINCT e.grid_code ORDER BY e.grid_code) FROM bare e
         WHERE e.building_id = s.building_id AND e.days && s.days AND e.grid_code IS NOT NULL), cast(ARRAY[] AS text[])
    ) AS grid_codes
FROM stretches s
JOIN buildings b USING (building_id)
ORDER BY s.building_id, s.days
