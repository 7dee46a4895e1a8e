-- Returns: grid_id of every grid whose ground an edit of a plan has altered, undone ones too.
-- Parameters: plan_id (bigint).
-- CRS: none. Index: plan_operations_pkey.
SELECT DISTINCT cast(moved ->> side.at AS bigint) AS grid_id
FROM plan_operations
CROSS JOIN LATERAL jsonb_array_elements(change -> 'cells') AS moved
CROSS JOIN (VALUES (1), (2)) AS side (at)
WHERE plan_id = :plan_id
