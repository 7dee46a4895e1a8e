-- Returns: households and people within a threshold of the nearest station of each category, each counted once.
-- Parameters: minutes (double precision array), within (text, leading digits or *).
-- CRS: none. Index: category_walks_pkey, buildings_pkey.
SELECT
    w.category, m.minutes,
    coalesce(sum(b.households) FILTER (WHERE w.walk_min <= m.minutes), 0) AS households,
    coalesce(sum(b.people) FILTER (WHERE w.walk_min <= m.minutes), 0) AS people
FROM category_walks w
JOIN buildings b USING (building_id)
CROSS JOIN unnest(cast(:minutes AS double precision [])) AS m (minutes)
WHERE :within = '*' OR starts_with(b.area_code, :within)
GROUP BY w.category, m.minutes
ORDER BY w.category, m.minutes
