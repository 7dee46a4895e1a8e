-- Returns: a row a community: area_code, name, households (of its doors), grids that hold on a day, vacant (those
-- without a worker that day). Its doors are counted by cover/counts.
-- Parameters: on (date), scheme (text), within (text, leading digits or *).
-- CRS: none. Index: plan_areas_pkey, stairwells_building_id_idx.
WITH counted AS (
    SELECT b.area_code, sum(coalesce(s.households, b.households)) AS households
    FROM buildings b
    LEFT JOIN stairwells s USING (building_id)
    WHERE :within = '*' OR starts_with(b.area_code, :within)
    GROUP BY b.area_code
),
staffed AS (
    SELECT g.area_code, count(*) AS grids, count(*) FILTER (WHERE c.grid_code IS NULL) AS vacant
    FROM grids g
    JOIN plan_areas pa ON pa.plan_id = g.plan_id AND pa.area_code = g.area_code
    LEFT JOIN public_contacts(:on) c ON c.grid_code = g.grid_code
    WHERE pa.scheme = :scheme AND pa.valid @> cast(:on AS date)
    GROUP BY g.area_code
)
SELECT
    a.area_code, a.name, cast(coalesce(c.households, 0) AS bigint) AS households,
    coalesce(s.grids, 0) AS grids, coalesce(s.vacant, 0) AS vacant
FROM areas a
LEFT JOIN counted c USING (area_code)
LEFT JOIN staffed s USING (area_code)
WHERE a.level = 'community' AND (:within = '*' OR starts_with(a.area_code, :within))
ORDER BY a.area_code
