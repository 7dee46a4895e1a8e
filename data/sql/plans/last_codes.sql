-- The highest sequence that zones and household units of some grids ever had: in any plan, or in an edit taken back.
-- Returns: grid_code, zones, units (integers, 0 for none), a row a grid.
-- Parameters: plan_id (bigint), codes (text[]) of grids.
-- CRS: none. Index: grids_grid_code_idx, zones_grid_id_idx, household_units_grid_id_idx, plan_operations_pkey.
WITH given AS (
    SELECT zone_code AS code FROM zones JOIN grids USING (grid_id) WHERE grid_code = ANY(CAST(:codes AS text[]))
    UNION ALL
    SELECT unit_code FROM household_units JOIN grids USING (grid_id) WHERE grid_code = ANY(CAST(:codes AS text[]))
    UNION ALL
    SELECT coalesce(side ->> 'zone_code', side ->> 'unit_code')
    FROM plan_operations
    CROSS JOIN LATERAL jsonb_array_elements((change -> 'zones') || (change -> 'units')) AS changed
    CROSS JOIN LATERAL (VALUES (changed -> 1), (changed -> 2)) AS sides (side)
    WHERE plan_id = :plan_id AND kind = 'edit' AND verb NOT IN ('rename', 'lock', 'unlock')
)
SELECT
    asked.grid_code,
    coalesce(max(right(code, 3)::integer) FILTER (WHERE length(code) = 18), 0) AS zones,
    coalesce(max(right(code, 4)::integer) FILTER (WHERE length(code) = 19), 0) AS units
FROM unnest(CAST(:codes AS text[])) AS asked (grid_code)
LEFT JOIN given ON left(code, 15) = asked.grid_code
GROUP BY asked.grid_code
