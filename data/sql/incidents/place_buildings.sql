-- Gives incidents without a building the one nearest to where they were reported, within so many metres.
-- Parameters: within_m (double precision). Distance is on the spheroid; ties go to the lower building_id.
-- CRS: EPSG:4326. The box around the point (metres turned into degrees generously) lets the index choose candidates.
-- Index: idx_buildings_geometry.
UPDATE incidents i
SET building_id = n.building_id
FROM incidents o
CROSS JOIN LATERAL (
    SELECT b.building_id
    FROM buildings b
    WHERE b.geometry && ST_Expand(
            o.geometry,
            :within_m / 110000.0 / greatest(cos(radians(ST_Y(o.geometry))), 0.01), :within_m / 110000.0
        )
        AND ST_DWithin(cast(b.geometry AS geography), cast(o.geometry AS geography), :within_m)
    ORDER BY ST_Distance(cast(b.geometry AS geography), cast(o.geometry AS geography)), b.building_id
    LIMIT 1
) n
WHERE o.incident_id = i.incident_id AND o.building_id IS NULL
