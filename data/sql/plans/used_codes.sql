-- Grid codes that any plan ever used within: those that stand, and those that an edit gave and another took back.
-- Returns: grid_code, in order; codes of a draft that was deleted are not among them.
-- Parameters: within (leading digits of a division code).
-- CRS: none. Index: grids_grid_code_idx; operations are read whole, some hundred a draft.
SELECT DISTINCT grid_code
FROM grids
WHERE starts_with(area_code, :within)
UNION
SELECT DISTINCT changed -> 2 ->> 'grid_code'
FROM plan_operations, jsonb_array_elements(change -> 'grids') AS changed
WHERE changed ->> 1 IS NULL AND starts_with(changed -> 2 ->> 'grid_code', :within)
ORDER BY grid_code
