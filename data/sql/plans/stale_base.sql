-- Returns: in how many communities of a plan another plan holds from some day on than the published one that it was
-- drawn from, directly or over other drafts. 0 where it was drawn from none.
-- Parameters: plan_id (bigint).
-- CRS: none. Index: plans_pkey, plan_areas_pkey, grids_plan_id_grid_code_key.
WITH RECURSIVE origins AS (
    SELECT b.plan_id, b.base_plan_id, b.scheme, b.valid
    FROM plans p JOIN plans b ON b.plan_id = p.base_plan_id
    WHERE p.plan_id = :plan_id
    UNION
    SELECT b.plan_id, b.base_plan_id, b.scheme, b.valid
    FROM origins o JOIN plans b ON b.plan_id = o.base_plan_id
    WHERE o.valid IS NULL
)
SELECT count(*)
FROM origins o
JOIN plan_areas newer ON newer.scheme = o.scheme AND upper_inf(newer.valid) AND newer.plan_id <> o.plan_id
WHERE o.valid IS NOT NULL
    AND newer.area_code IN (SELECT area_code FROM grids WHERE plan_id = :plan_id)
    AND newer.area_code IN (SELECT area_code FROM plan_areas WHERE plan_id = o.plan_id)
