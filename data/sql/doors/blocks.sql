-- Returns: the buildings of the compound that a point lies in, by what they are called: label, lon, lat (of a point
-- inside). Nothing where it lies in none, or where words do not name it: a community's point lies in some compound, too.
-- Parameters: lon, lat, words, most (integer).
-- CRS: EPSG:4326. Index: compounds_geometry_idx, buildings_compound_id_idx.
SELECT
    CASE WHEN strpos(called.name, c.name) = 0 THEN c.name || ' ' || called.name ELSE called.name END AS label,
    ST_X(place.point) AS lon, ST_Y(place.point) AS lat
FROM compounds c
JOIN buildings b USING (compound_id)
CROSS JOIN LATERAL (SELECT coalesce(b.name, b.address) AS name) called
CROSS JOIN LATERAL (SELECT ST_PointOnSurface(b.geometry) AS point) place
WHERE ST_Covers(c.geometry, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)) AND strpos(:words, c.name) > 0
    AND called.name IS NOT NULL
ORDER BY length(called.name), called.name, b.building_id
LIMIT :most
