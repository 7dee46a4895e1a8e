-- Returns: nothing; live plates whose building left the register get it back where it is there again, known by its
-- reference (and the stairwell by its number), unless that door has another live plate by now.
-- Parameters: within (text, leading digits of the community the building is in now, or *).
-- CRS: none. Index: doorplates_building_ref_idx, buildings_source_ref_key, doorplates_live_idx.
UPDATE doorplates p
SET building_id = f.building_id, stairwell_id = f.stairwell_id, area_code = f.area_code
FROM (
    SELECT DISTINCT ON (b.building_id, q.stairwell_number) q.plate_id, b.building_id, b.area_code, s.stairwell_id
    FROM doorplates q
    JOIN buildings b ON b.source_ref = q.building_ref
    LEFT JOIN stairwells s ON s.building_id = b.building_id AND s.number = q.stairwell_number
    WHERE q.building_id IS NULL AND q.revoked_at IS NULL
        AND (q.stairwell_number IS NULL OR s.stairwell_id IS NOT NULL)
        AND (:within = '*' OR starts_with(b.area_code, :within))
        AND NOT EXISTS (
            SELECT FROM doorplates o
            WHERE o.building_id = b.building_id AND o.stairwell_number IS NOT DISTINCT FROM q.stairwell_number
                AND o.revoked_at IS NULL
        )
    ORDER BY b.building_id, q.stairwell_number, q.plate_id, s.stairwell_id
) f
WHERE p.plate_id = f.plate_id
