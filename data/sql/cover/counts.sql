-- Returns: a row a community: area_code, doors, doors_covered (in exactly one grid that holds on a day, and that grid
-- has a worker), doors_without_grid, doors_in_several. A door is a stairwell, or the middle of a building that has
-- none. What says how well a town is covered counts by this query alone; the reader's role may ask it.
-- Parameters: on (date), scheme (text), within (text, leading digits or *).
-- Doors are sought from the grids: a grid's shape is then prepared once, and each door compared with few.
-- CRS: EPSG:4326. Index: idx_buildings_geometry, idx_stairwells_geometry, plan_areas_pkey.
WITH held AS MATERIALIZED (
    SELECT g.geometry, c.grid_code IS NOT NULL AS is_answered
    FROM grids g
    JOIN plan_areas pa ON pa.plan_id = g.plan_id AND pa.area_code = g.area_code
    LEFT JOIN public_contacts(:on) c ON c.grid_code = g.grid_code
    WHERE pa.scheme = :scheme AND pa.valid @> cast(:on AS date)
),
inside AS MATERIALIZED (
    SELECT b.building_id, 0 AS stairwell_id, h.is_answered
    FROM held h
    JOIN buildings b ON b.geometry && h.geometry AND ST_Covers(h.geometry, ST_PointOnSurface(b.geometry))
    UNION ALL
    SELECT s.building_id, s.stairwell_id, h.is_answered
    FROM held h
    JOIN stairwells s ON s.geometry && h.geometry AND ST_Covers(h.geometry, s.geometry)
),
doors AS (
    SELECT b.building_id, coalesce(s.stairwell_id, 0) AS stairwell_id, b.area_code
    FROM buildings b
    LEFT JOIN stairwells s USING (building_id)
    WHERE :within = '*' OR starts_with(b.area_code, :within)
),
counted AS (
    SELECT
        d.area_code, count(*) AS doors, count(*) FILTER (WHERE i.grids = 1 AND i.is_answered) AS doors_covered,
        count(*) FILTER (WHERE i.grids IS NULL) AS doors_without_grid,
        count(*) FILTER (WHERE i.grids > 1) AS doors_in_several
    FROM doors d
    LEFT JOIN (
        SELECT building_id, stairwell_id, count(*) AS grids, bool_and(is_answered) AS is_answered
        FROM inside GROUP BY building_id, stairwell_id
    ) i USING (building_id, stairwell_id)
    GROUP BY d.area_code
)
SELECT
    a.area_code, coalesce(c.doors, 0) AS doors, coalesce(c.doors_covered, 0) AS doors_covered,
    coalesce(c.doors_without_grid, 0) AS doors_without_grid, coalesce(c.doors_in_several, 0) AS doors_in_several
FROM areas a
LEFT JOIN counted c USING (area_code)
WHERE a.level = 'community' AND (:within = '*' OR starts_with(a.area_code, :within))
ORDER BY a.area_code
