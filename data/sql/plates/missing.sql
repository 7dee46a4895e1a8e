-- Returns: doors that have no live plate, by community and building: building_id, stairwell_id, stairwell_number (both
-- null: the building as a whole), area_code, building_ref, name, address, compound, replaces (the newest plate of the
-- door that was revoked and has no successor; null: it never had one). A building's stairwells are doors of their own
-- where it has more than one. A door whose last plate was revoked as demolished is none any more.
-- Parameters: within (text, leading digits or *), building_id (bigint or null: of all buildings), most (integer).
-- CRS: none. Index: buildings_area_code_idx, stairwells_building_id_idx, doorplates_live_idx, doorplates_building_id_idx.
WITH doors AS (
    SELECT b.building_id, cast(NULL AS bigint) AS stairwell_id, cast(NULL AS integer) AS stairwell_number
    FROM buildings b
    WHERE (:within = '*' OR starts_with(b.area_code, :within))
        AND (cast(:building_id AS bigint) IS NULL OR b.building_id = :building_id)
    UNION ALL
    SELECT s.building_id, s.stairwell_id, s.number
    FROM stairwells s
    JOIN buildings b USING (building_id)
    WHERE (:within = '*' OR starts_with(b.area_code, :within))
        AND (cast(:building_id AS bigint) IS NULL OR b.building_id = :building_id)
        AND EXISTS (SELECT FROM stairwells o WHERE o.building_id = s.building_id AND o.stairwell_id <> s.stairwell_id)
)
SELECT
    d.building_id, d.stairwell_id, d.stairwell_number, b.area_code, b.source_ref AS building_ref, b.name, b.address,
    c.name AS compound, last.plate_id AS replaces
FROM doors d
JOIN buildings b USING (building_id)
LEFT JOIN compounds c ON c.compound_id = b.compound_id
LEFT JOIN LATERAL (
    SELECT p.plate_id, p.revoked_reason
    FROM doorplates p
    WHERE p.building_id = d.building_id AND p.stairwell_id IS NOT DISTINCT FROM d.stairwell_id
        AND p.stairwell_number IS NOT DISTINCT FROM d.stairwell_number
        AND p.revoked_at IS NOT NULL AND NOT EXISTS (SELECT FROM doorplates n WHERE n.replaces = p.plate_id)
    ORDER BY p.plate_id DESC
    LIMIT 1
) last ON true
WHERE last.revoked_reason IS DISTINCT FROM 'demolished' AND NOT EXISTS (
    SELECT FROM doorplates p
    WHERE p.building_id = d.building_id AND p.stairwell_id IS NOT DISTINCT FROM d.stairwell_id
        AND p.stairwell_number IS NOT DISTINCT FROM d.stairwell_number AND p.revoked_at IS NULL
)
ORDER BY b.area_code, d.building_id, d.stairwell_number NULLS FIRST, d.stairwell_id
LIMIT :most
