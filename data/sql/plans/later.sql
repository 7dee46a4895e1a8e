-- Returns: the first day on which another plan, published already, begins in one of a plan's communities later.
-- Parameters: plan_id (bigint), valid_from (date).
-- CRS: none. Index: plan_areas_one_plan_a_day_excl.
SELECT min(lower(pa.valid))
FROM plans p
JOIN plan_areas pa ON pa.scheme = p.scheme AND pa.plan_id <> p.plan_id
WHERE p.plan_id = :plan_id
    AND pa.area_code IN (SELECT area_code FROM grids WHERE plan_id = :plan_id)
    AND lower(pa.valid) > :valid_from
