-- Returns: a row a person in scope, by id: person_id, name, kind, role, area_code, community, phone (private),
-- duty_line, duties (held on the day), is_away. Words are sought in name and duty line.
-- Parameters: on (date), words (text; empty finds all), role (text or null: any), within (text, leading digits or *),
-- after (person_id), most (integer), by_phone (boolean: in private numbers too).
-- CRS: none. Index: people_pkey, duties_person_id_idx, absences_person_id_idx.
SELECT
    p.person_id, p.name, p.kind, p.role, p.area_code, a.name AS community, p.phone, p.duty_line,
    (SELECT count(*) FROM duties d WHERE d.person_id = p.person_id AND d.valid @> cast(:on AS date)) AS duties,
    EXISTS (SELECT FROM absences g WHERE g.person_id = p.person_id AND g.away @> cast(:on AS date)) AS is_away
FROM people p
JOIN areas a USING (area_code)
WHERE p.person_id > :after
    AND (:within = '*' OR starts_with(p.area_code, :within))
    AND (
        :words = '' OR strpos(lower(p.name), lower(:words)) > 0 OR (:by_phone AND strpos(p.phone, :words) > 0)
        OR strpos(p.duty_line, :words) > 0
    )
    AND (
        cast(:role AS text) IS NULL OR p.role = :role
        OR EXISTS (SELECT FROM duties d WHERE d.person_id = p.person_id AND d.role = :role AND d.valid @> cast(:on AS date))
    )
ORDER BY p.person_id
LIMIT :most
