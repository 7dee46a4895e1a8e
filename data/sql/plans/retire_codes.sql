-- Keeps the codes that a plan issued, now or in an edit taken back, and that no other plan has: nobody gets them again.
-- Returns nothing.
-- Parameters: plan_id (bigint).
-- CRS: none. Index: grids_plan_id_grid_code_key, plan_operations_pkey, grids_grid_code_idx.
INSERT INTO retired_codes (grid_code, plan_id)
SELECT issued.grid_code, :plan_id
FROM (
    SELECT grid_code
    FROM grids
    WHERE plan_id = :plan_id
    UNION
    SELECT changed -> 2 ->> 'grid_code'
    FROM plan_operations, jsonb_array_elements(change -> 'grids') AS changed
    WHERE plan_id = :plan_id AND changed ->> 1 IS NULL
) AS issued
WHERE NOT EXISTS (SELECT FROM grids WHERE grids.grid_code = issued.grid_code AND grids.plan_id <> :plan_id)
ON CONFLICT (grid_code) DO NOTHING
