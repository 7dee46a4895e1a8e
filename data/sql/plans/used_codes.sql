-- Grid codes that any plan ever used within: those that stand, those that an edit gave and another took back, and
-- those of drafts that were deleted.
-- Returns: grid_code, in order.
-- Parameters: within (leading digits of a division code).
-- CRS: none. Index: grids_grid_code_idx, retired_codes_pkey; of operations those that can issue codes are read.
SELECT DISTINCT grid_code
FROM grids
WHERE grid_code BETWEEN rpad(:within, 15, '0') AND rpad(:within, 15, '9')
UNION
SELECT DISTINCT changed -> 2 ->> 'grid_code'
FROM plan_operations, jsonb_array_elements(change -> 'grids') AS changed
WHERE kind = 'edit' AND verb NOT IN ('rename', 'lock', 'unlock') AND changed ->> 1 IS NULL
    AND starts_with(changed -> 2 ->> 'grid_code', :within)
UNION
SELECT grid_code
FROM retired_codes
WHERE grid_code BETWEEN rpad(:within, 15, '0') AND rpad(:within, 15, '9')
ORDER BY grid_code
