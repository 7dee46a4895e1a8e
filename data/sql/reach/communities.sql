-- Returns: a row a community and circle: households, people and buildings in all and within the circle of a station
-- that carries it.
-- Parameters: minutes (double precision array), within (text, leading digits or *).
-- CRS: none. Index: circle_walks_pkey.
SELECT
    a.area_code, a.name, m.minutes,
    coalesce(sum(b.households), 0) AS households,
    coalesce(sum(b.people), 0) AS people,
    count(b.building_id) AS buildings,
    coalesce(sum(b.households) FILTER (WHERE w.walk_min IS NOT NULL), 0) AS households_within,
    coalesce(sum(b.people) FILTER (WHERE w.walk_min IS NOT NULL), 0) AS people_within,
    count(b.building_id) FILTER (WHERE w.walk_min IS NOT NULL) AS buildings_within
FROM areas a
CROSS JOIN unnest(cast(:minutes AS double precision [])) AS m (minutes)
LEFT JOIN buildings b USING (area_code)
LEFT JOIN circle_walks w ON w.building_id = b.building_id AND w.minutes = m.minutes
WHERE a.level = 'community' AND (:within = '*' OR starts_with(a.area_code, :within))
GROUP BY a.area_code, a.name, m.minutes
ORDER BY a.area_code, m.minutes
