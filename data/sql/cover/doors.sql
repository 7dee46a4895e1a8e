-- Returns: doors that lie in no grid that holds on a day, or in several, with how many; a door is a stairwell, or
-- the middle of a building that has none. Columns: building_id, stairwell_id, area_code, name, households, grids,
-- geometry (WKB). Parameters: on (date), scheme (text), within (text, leading digits or *), most (integer).
-- CRS: EPSG:4326. Index: idx_grids_geometry, plan_areas_pkey.
WITH doors AS (
    SELECT
        b.building_id, s.stairwell_id, b.area_code, coalesce(b.name, b.address) AS name,
        coalesce(s.households, b.households) AS households,
        coalesce(s.geometry, ST_PointOnSurface(b.geometry)) AS place
    FROM buildings b
    LEFT JOIN stairwells s USING (building_id)
    WHERE :within = '*' OR starts_with(b.area_code, :within)
),
counted AS (
    SELECT d.*, (
        SELECT count(*)
        FROM grids g
        JOIN plan_areas pa ON pa.plan_id = g.plan_id AND pa.area_code = g.area_code
        WHERE pa.scheme = :scheme AND pa.valid @> cast(:on AS date)
            AND g.geometry && d.place AND ST_Covers(g.geometry, d.place)
    ) AS grids
    FROM doors d
)
SELECT
    building_id, stairwell_id, area_code, name, households, cast(grids AS integer) AS grids,
    ST_AsBinary(place) AS geometry
FROM counted
WHERE grids <> 1
ORDER BY building_id, stairwell_id
LIMIT :most
