-- Returns: the building nearest to a point, within so many metres: building_id, distance_m.
-- Parameters: lon, lat (degrees), within_m (metres). CRS: EPSG:4326, distance on the spheroid; ties go to the lower id.
-- Index: idx_buildings_geometry, by a box around the point that is generous in degrees.
SELECT b.building_id, ST_Distance(cast(b.geometry AS geography), cast(p.point AS geography)) AS distance_m
FROM (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS point) p
JOIN buildings b ON b.geometry && ST_Expand(
    p.point, :within_m / 110000.0 / greatest(cos(radians(:lat)), 0.01), :within_m / 110000.0
)
WHERE ST_DWithin(cast(b.geometry AS geography), cast(p.point AS geography), :within_m)
ORDER BY distance_m, b.building_id
LIMIT 1
