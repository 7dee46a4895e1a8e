-- Ends, on the day a plan begins, what other plans hold in its communities; returns the plans it touched.
-- Parameters: plan_id (bigint), valid_from (date). A plan that would have begun that very day is left no days.
-- CRS: none. Index: plan_areas_one_plan_a_day_excl.
UPDATE plan_areas pa
SET valid = daterange(lower(pa.valid), :valid_from)
FROM plans p
WHERE p.plan_id = :plan_id
    AND pa.scheme = p.scheme
    AND pa.area_code IN (SELECT area_code FROM grids WHERE plan_id = :plan_id)
    AND pa.valid @> cast(:valid_from AS date)
RETURNING pa.plan_id
