-- Returns: the newest audit_id of what walking depends on; null where nothing was ever written.
-- Parameters: none. CRS: none. Index: audit_pkey, read backwards.
SELECT audit_id
FROM audit
WHERE noun IN (
    'streets', 'gates', 'compounds', 'barriers', 'buildings', 'stations', 'building_walks', 'circle_walks', 'deployment'
)
ORDER BY audit_id DESC
LIMIT 1
