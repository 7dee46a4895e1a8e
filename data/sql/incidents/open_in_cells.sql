-- Returns: open incidents that lie in some cells: incident_id, cell_id (the lowest, on a border), category, tier,
-- reported_at, due_at. Row-level security leaves out those beyond the transaction's scope.
-- Parameters: cell_ids (bigint array).
-- CRS: EPSG:4326. Index: cells_pkey, idx_incidents_geometry.
SELECT i.incident_id, min(c.cell_id) AS cell_id, i.category, i.tier, i.reported_at, i.due_at
FROM cells c
JOIN incidents i ON i.geometry && c.geometry AND ST_Covers(c.geometry, i.geometry)
WHERE c.cell_id = ANY(:cell_ids) AND i.closed_at IS NULL AND i.duplicate_of IS NULL
GROUP BY i.incident_id
ORDER BY i.incident_id
