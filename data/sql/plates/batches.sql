-- Returns: batches of plates, newest first: batch_id, area_code, area (name or null), size, count, made_at, made_by,
-- waiting (issued and not yet printed), live (not revoked).
-- Parameters: within (text, leading digits or *), most (integer).
-- CRS: none. Index: plate_batches_pkey, doorplates_batch_id_idx.
SELECT
    t.batch_id, t.area_code, a.name AS area, t.size, t.count, t.made_at, t.made_by,
    (SELECT count(*) FROM doorplates p WHERE p.batch_id = t.batch_id AND p.state = 'issued') AS waiting,
    (SELECT count(*) FROM doorplates p WHERE p.batch_id = t.batch_id AND p.revoked_at IS NULL) AS live
FROM plate_batches t
LEFT JOIN areas a ON a.area_code = t.area_code
WHERE :within = '*' OR starts_with(t.area_code, :within)
ORDER BY t.batch_id DESC
LIMIT :most
