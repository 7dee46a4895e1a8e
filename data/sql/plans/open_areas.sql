-- Writes the communities of a plan's grids as held by it from a day on, and returns how they are called.
-- Parameters: plan_id (bigint), valid_from (date). The exclusion constraint refuses a second plan a day.
-- CRS: none. Index: plan_areas_one_plan_a_day_excl.
INSERT INTO plan_areas (plan_id, area_code, scheme, valid)
SELECT DISTINCT p.plan_id, g.area_code, p.scheme, daterange(:valid_from, NULL)
FROM plans p JOIN grids g USING (plan_id)
WHERE p.plan_id = :plan_id
RETURNING area_code
