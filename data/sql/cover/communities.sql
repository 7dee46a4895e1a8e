-- Returns: a row a community: its doors, those covered (in exactly one grid that holds on a day, and that grid has a
-- worker), those without a grid or in several, its households, its grids and those without a worker that day. A door
-- is a stairwell, or the middle of a building that has none.
-- Parameters: on (date), scheme (text), within (text, leading digits or *).
-- CRS: EPSG:4326. Index: idx_grids_geometry, plan_areas_pkey, buildings_area_code_idx.
WITH held AS (
    SELECT g.grid_id, g.grid_code, g.area_code, g.geometry
    FROM grids g
    JOIN plan_areas pa ON pa.plan_id = g.plan_id AND pa.area_code = g.area_code
    WHERE pa.scheme = :scheme AND pa.valid @> cast(:on AS date)
        AND (:within = '*' OR starts_with(g.area_code, :within))
),
doors AS (
    SELECT
        b.building_id, s.stairwell_id, b.area_code, coalesce(s.households, b.households) AS households,
        coalesce(s.geometry, ST_PointOnSurface(b.geometry)) AS place
    FROM buildings b
    LEFT JOIN stairwells s USING (building_id)
    WHERE :within = '*' OR starts_with(b.area_code, :within)
),
inside AS (
    SELECT d.building_id, d.stairwell_id, count(*) AS grids, bool_and(c.grid_code IS NOT NULL) AS answered
    FROM doors d
    JOIN grids g ON g.geometry && d.place AND ST_Covers(g.geometry, d.place)
    JOIN plan_areas pa ON pa.plan_id = g.plan_id AND pa.area_code = g.area_code
    LEFT JOIN public_contacts(:on) c ON c.grid_code = g.grid_code
    WHERE pa.scheme = :scheme AND pa.valid @> cast(:on AS date)
    GROUP BY d.building_id, d.stairwell_id
),
counted AS (
    SELECT
        d.area_code, count(*) AS doors, count(*) FILTER (WHERE i.grids = 1 AND i.answered) AS doors_covered,
        count(*) FILTER (WHERE i.grids IS DISTINCT FROM 1) AS doors_astray,
        sum(d.households) AS households
    FROM doors d
    LEFT JOIN inside i ON i.building_id = d.building_id AND i.stairwell_id IS NOT DISTINCT FROM d.stairwell_id
    GROUP BY d.area_code
),
staffed AS (
    SELECT h.area_code, count(*) AS grids, count(*) FILTER (WHERE c.grid_code IS NULL) AS vacant
    FROM held h
    LEFT JOIN public_contacts(:on) c ON c.grid_code = h.grid_code
    GROUP BY h.area_code
)
SELECT
    a.area_code, a.name, coalesce(c.doors, 0) AS doors, coalesce(c.doors_covered, 0) AS doors_covered,
    coalesce(c.doors_astray, 0) AS doors_astray,
    cast(coalesce(c.households, 0) AS bigint) AS households,
    coalesce(s.grids, 0) AS grids, coalesce(s.vacant, 0) AS vacant
FROM areas a
LEFT JOIN counted c USING (area_code)
LEFT JOIN staffed s USING (area_code)
WHERE a.level = 'community' AND (:within = '*' OR starts_with(a.area_code, :within))
ORDER BY a.area_code
