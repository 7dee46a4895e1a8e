-- Returns: what people report of plates and nobody has seen to yet, oldest first: report_id, kind, words, times,
-- reported_at, plate_id, code, state, label, area_code, community, is_astray (its building is gone).
-- Parameters: within (text, leading digits or *), most (integer).
-- CRS: none. Index: plate_reports_open_idx, doorplates_pkey.
SELECT
    r.report_id, r.kind, r.words, r.times, r.reported_at, p.plate_id, p.code, p.state, p.label, p.area_code,
    a.name AS community, p.building_id IS NULL AS is_astray
FROM plate_reports r
JOIN doorplates p USING (plate_id)
LEFT JOIN areas a ON a.area_code = p.area_code
WHERE r.settled_at IS NULL AND (:within = '*' OR starts_with(p.area_code, :within))
ORDER BY r.reported_at, r.report_id
LIMIT :most
