-- Gives incidents without a building the one nearest to where they were reported, within so many metres.
-- Parameters: within_m (double precision). Ties go to the lower building_id.
-- Metres a degree are those of the WGS 84 spheroid at the incident's latitude (series of NIMA TR8350.2): over such
-- distances the flat sum is right to centimetres, and many times quicker than distance on the spheroid.
-- CRS: EPSG:4326. Index: idx_buildings_geometry, by a box around the place.
WITH places AS MATERIALIZED (
    SELECT
        incident_id, geometry,
        111412.84 * cos(lat) - 93.5 * cos(3 * lat) + 0.118 * cos(5 * lat) AS lon_m,
        111132.92 - 559.82 * cos(2 * lat) + 1.175 * cos(4 * lat) - 0.0023 * cos(6 * lat) AS lat_m
    FROM (SELECT incident_id, geometry, radians(ST_Y(geometry)) AS lat FROM incidents WHERE building_id IS NULL) o
    WHERE abs(lat) < radians(89)
)
UPDATE incidents i
SET building_id = n.building_id
FROM places p
CROSS JOIN LATERAL (
    SELECT c.building_id
    FROM (
        SELECT
            b.building_id,
            ST_Distance(ST_Scale(b.geometry, p.lon_m, p.lat_m), ST_Scale(p.geometry, p.lon_m, p.lat_m)) AS distance_m
        FROM buildings b
        WHERE b.geometry && ST_Expand(p.geometry, :within_m / p.lon_m, :within_m / p.lat_m)
    ) c
    WHERE c.distance_m <= :within_m
    ORDER BY c.distance_m, c.building_id
    LIMIT 1
) n
WHERE p.incident_id = i.incident_id
