-- Returns: one Mapbox vector tile (bytea) of a plan: layers grids(grid_id, grid_code, name, kind, households, band,
-- sequence), zones(zone_code, name, grid_code, households) from z14, grid_labels(grid_code, name, households).
-- Parameters: plan_id (bigint), z, x, y (integer), lowest, highest (integer: the band), within (text, leading digits
-- or *). Nothing that changes without a new revision of the plan: such a tile is kept for good.
-- Neighbours snap to the same tile units and are not simplified, so no gap opens between them.
-- CRS: stored EPSG:4326, tile EPSG:3857. Index: idx_grids_geometry, idx_zones_geometry, zones_grid_id_idx.
WITH
tile AS (
    SELECT e.box3857, ST_Expand(e.box, (ST_XMax(e.box) - ST_XMin(e.box)) / 64) AS box
    FROM (
        SELECT ST_TileEnvelope(:z, :x, :y) AS box3857, ST_Transform(ST_TileEnvelope(:z, :x, :y), 4326) AS box
    ) e
),
here AS MATERIALIZED (
    SELECT g.grid_id, g.grid_code, g.name, g.kind, g.households, g.geometry, t.box3857, t.box
    FROM tile t JOIN grids g ON g.geometry && t.box
    WHERE g.plan_id = :plan_id AND (:within = '*' OR starts_with(g.area_code, :within))
),
grids_layer AS MATERIALIZED (
    SELECT
        h.grid_id, h.grid_code, h.name, h.kind, h.households,
        CASE
            WHEN h.kind = 'dedicated' THEN 'dedicated'
            WHEN h.households < :lowest THEN 'below'
            WHEN h.households > :highest THEN 'above'
            ELSE 'within'
        END AS band,
        cast(right(h.grid_code, 3) AS integer) AS sequence,
        ST_AsMVTGeom(ST_Transform(h.geometry, 3857), h.box3857, 4096, 64) AS geom
    FROM here h
),
zones_layer AS MATERIALIZED (
    SELECT
        o.zone_code, o.name, h.grid_code, o.households,
        ST_AsMVTGeom(ST_Transform(o.geometry, 3857), h.box3857, 4096, 64) AS geom
    FROM here h JOIN zones o ON o.grid_id = h.grid_id AND o.geometry && h.box
    WHERE :z >= 14
),
labels_layer AS MATERIALIZED (
    SELECT
        h.grid_code, h.name, h.households,
        ST_AsMVTGeom(ST_Transform(ST_PointOnSurface(h.geometry), 3857), h.box3857, 4096, 64) AS geom
    FROM here h
)
SELECT
    coalesce((SELECT ST_AsMVT(l, 'grids') FROM grids_layer l WHERE geom IS NOT NULL), '')
    || coalesce((SELECT ST_AsMVT(l, 'zones') FROM zones_layer l WHERE geom IS NOT NULL), '')
    || coalesce((SELECT ST_AsMVT(l, 'grid_labels') FROM labels_layer l WHERE geom IS NOT NULL), '')
