-- Sets days and state of published plans from the days they hold in their communities.
-- Parameters: plan_ids (bigint array). A plan holds until its last community has another one.
-- CRS: none. Index: plan_areas_pkey.
UPDATE plans p
SET valid = d.valid, state = CASE WHEN d.is_open THEN 'published' ELSE 'superseded' END
FROM (
    SELECT
        plan_id, coalesce(range_merge(range_agg(valid) FILTER (WHERE NOT isempty(valid))), 'empty') AS valid,
        bool_or(upper_inf(valid)) AS is_open
    FROM plan_areas WHERE plan_id = ANY(:plan_ids) GROUP BY plan_id
) d
WHERE p.plan_id = d.plan_id
