-- Returns: one Mapbox vector tile (bytea) of minutes on foot: layer walks(building_id, walk_min, households), from
-- z13; a building beyond the longest threshold has no walk_min.
-- Parameters: z, x, y (integer), within (text, leading digits or *). CRS: stored EPSG:4326, tile EPSG:3857. Index: idx_buildings_geometry.
WITH
tile AS (
    SELECT e.box3857, ST_Expand(e.box, (ST_XMax(e.box) - ST_XMin(e.box)) / 64) AS box
    FROM (
        SELECT ST_TileEnvelope(:z, :x, :y) AS box3857, ST_Transform(ST_TileEnvelope(:z, :x, :y), 4326) AS box
    ) e
),
walks_layer AS MATERIALIZED (
    SELECT
        b.building_id, round(cast(w.walk_min AS numeric), 1)::double precision AS walk_min, b.households,
        ST_AsMVTGeom(ST_Transform(b.geometry, 3857), t.box3857, 4096, 64) AS geom
    FROM tile t
    JOIN buildings b ON b.geometry && t.box
    JOIN building_walks w USING (building_id)
    WHERE :z >= 13 AND (:within = '*' OR starts_with(b.area_code, :within))
)
SELECT coalesce((SELECT ST_AsMVT(l, 'walks') FROM walks_layer l WHERE geom IS NOT NULL), '')
