-- Returns: doors that lie in no grid that holds on a day, or in several, with how many; a door is a stairwell, or
-- the middle of a building that has none. Columns: building_id, stairwell_id, area_code, name, households, grids,
-- geometry (WKB). Parameters: on (date), scheme (text), within (text, leading digits or *), most (integer).
-- Doors are sought from the grids: a grid's shape is then prepared once, and each door compared with few.
-- CRS: EPSG:4326. Index: idx_buildings_geometry, idx_stairwells_geometry, plan_areas_pkey.
WITH held AS MATERIALIZED (
    SELECT g.geometry
    FROM grids g
    JOIN plan_areas pa ON pa.plan_id = g.plan_id AND pa.area_code = g.area_code
    WHERE pa.scheme = :scheme AND pa.valid @> cast(:on AS date)
),
inside AS MATERIALIZED (
    SELECT b.building_id, 0 AS stairwell_id
    FROM held h
    JOIN buildings b ON b.geometry && h.geometry AND ST_Covers(h.geometry, ST_PointOnSurface(b.geometry))
    UNION ALL
    SELECT s.building_id, s.stairwell_id
    FROM held h
    JOIN stairwells s ON s.geometry && h.geometry AND ST_Covers(h.geometry, s.geometry)
),
doors AS (
    SELECT
        b.building_id, s.stairwell_id, b.area_code, coalesce(b.name, b.address) AS name,
        coalesce(s.households, b.households) AS households, coalesce(i.grids, 0) AS grids,
        s.geometry AS stairwell, b.geometry AS building
    FROM buildings b
    LEFT JOIN stairwells s USING (building_id)
    LEFT JOIN (
        SELECT building_id, stairwell_id, count(*) AS grids FROM inside GROUP BY building_id, stairwell_id
    ) i ON i.building_id = b.building_id AND i.stairwell_id = coalesce(s.stairwell_id, 0)
    WHERE :within = '*' OR starts_with(b.area_code, :within)
)
SELECT
    building_id, stairwell_id, area_code, name, households, cast(grids AS integer) AS grids,
    ST_AsBinary(coalesce(stairwell, ST_PointOnSurface(building))) AS geometry
FROM doors
WHERE grids <> 1
ORDER BY building_id, stairwell_id
LIMIT :most
