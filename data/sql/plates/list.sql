-- Returns: plates, by id: plate_id, code, area_code, community, street, building_id, name, address, compound,
-- stairwell_number, label (what the door was called when it was issued), batch_id, size, state, issued_at, printed_at,
-- revoked_at, revoked_reason, replaces, has_successor.
-- Parameters: within (text, leading digits or *), states (text array), batch_id (bigint or null: any), words (text in
-- the label or the code; empty finds all), is_astray (boolean or null: only live ones whose building is gone, or only
-- others), after (plate_id), skip and most (integers).
-- CRS: none. Index: doorplates_pkey, doorplates_area_code_idx, doorplates_batch_id_idx.
SELECT
    p.plate_id, p.code, p.area_code, a.name AS community, s.name AS street, p.building_id, b.name, b.address,
    c.name AS compound, p.stairwell_number, p.label, p.batch_id, t.size, p.state, p.issued_at, p.printed_at,
    p.revoked_at, p.revoked_reason, p.replaces,
    EXISTS (SELECT FROM doorplates n WHERE n.replaces = p.plate_id) AS has_successor
FROM doorplates p
JOIN plate_batches t USING (batch_id)
LEFT JOIN buildings b ON b.building_id = p.building_id
LEFT JOIN compounds c ON c.compound_id = b.compound_id
LEFT JOIN areas a ON a.area_code = p.area_code
LEFT JOIN areas s ON s.area_code = a.parent_code
WHERE p.plate_id > :after
    AND (:within = '*' OR starts_with(p.area_code, :within))
    AND p.state = ANY(cast(:states AS text[]))
    AND (cast(:batch_id AS bigint) IS NULL OR p.batch_id = :batch_id)
    AND (:words = '' OR strpos(p.label, :words) > 0 OR strpos(p.code, upper(:words)) > 0)
    AND (cast(:is_astray AS boolean) IS NULL OR (p.building_id IS NULL) = :is_astray)
ORDER BY p.plate_id
OFFSET :skip
LIMIT :most
