-- Returns: plans that reach into a part of the country, newest first, with the number of their grids there and the
-- households of those; no report.
-- Parameters: within (text, leading digits or *), plan_id (bigint or null: that plan only).
-- CRS: none. Index: plans_pkey, grids_plan_id_grid_code_key.
SELECT
    p.plan_id, p.name, p.area_code, a.name AS area_name, p.scheme, p.state,
    lower(p.valid) AS valid_from, upper(p.valid) AS valid_to,
    p.revision, p.document_number, p.seed, p.method, p.created_by, p.created_at,
    coalesce(g.grids, 0) AS grids, coalesce(g.households, 0) AS households
FROM plans p
JOIN areas a USING (area_code)
LEFT JOIN LATERAL (
    SELECT count(*) AS grids, sum(households) AS households
    FROM grids
    WHERE plan_id = p.plan_id AND (:within = '*' OR starts_with(area_code, :within))
) g ON true
WHERE (cast(:plan_id AS bigint) IS NULL OR p.plan_id = :plan_id)
    AND (:within = '*' OR starts_with(p.area_code, :within) OR g.grids > 0)
ORDER BY p.plan_id DESC
