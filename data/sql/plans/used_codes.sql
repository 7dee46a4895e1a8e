-- Grid codes that any plan ever used within: those that stand, those that an edit gave and another took back, and
-- those of drafts that were deleted.
-- Returns: grid_code, in order.
-- Parameters: within (leading digits of a division code).
-- CRS: none. Index: grids_grid_code_idx, retired_codes_pkey; operations are read whole, some hundred a draft.
SELECT DISTINCT grid_code
FROM grids
WHERE starts_with(area_code, :within)
UNION
SELECT DISTINCT changed -> 2 ->> 'grid_code'
FROM plan_operations, jsonb_array_elements(change -> 'grids') AS changed
WHERE changed ->> 1 IS NULL AND starts_with(changed -> 2 ->> 'grid_code', :within)
UNION
SELECT grid_code
FROM retired_codes
WHERE starts_with(grid_code, :within)
ORDER BY grid_code
