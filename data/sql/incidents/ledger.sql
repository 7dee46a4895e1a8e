-- Returns: every incident in scope that was written by a transaction not before one: numbers, words and moments
-- (whole seconds since 1970), by incident_id; is_stray: without a place of ours, or marked as a duplicate.
-- Parameters: since (bigint; 0 is all). Rows that a restored dump marked
-- with transactions of another cluster, still ahead of this one's, are old. CRS: EPSG:4326.
-- Index: incidents_touched_idx.
SELECT
    i.incident_id, coalesce(i.building_id, -1) AS building_id,
    cast(floor(extract(epoch FROM i.reported_at)) AS bigint) AS reported_s,
    cast(floor(extract(epoch FROM i.closed_at)) AS bigint) AS closed_s,
    cast(floor(extract(epoch FROM i.due_at)) AS bigint) AS due_s,
    ST_X(i.geometry) AS lon, ST_Y(i.geometry) AS lat, i.category, i.tier, i.state, i.area_code AS area,
    i.grid_code_reported AS grid, i.reporter, i.parked_at IS NOT NULL AS is_parked,
    i.place_problem IS NOT NULL OR i.geometry IS NULL OR i.duplicate_of IS NOT NULL AS is_stray, i.returns
FROM incidents i
WHERE :since = 0
    OR (i.touched >= :since AND i.touched < cast(cast(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint))
ORDER BY i.incident_id
