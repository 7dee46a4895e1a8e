-- Returns: what residents say is wrong with answers and nobody has seen to yet, the newest day first: report_id, kind,
-- grid_code, grid (its newest name, or null), area_code, community (or null), reported_on, times.
-- Parameters: within (text, leading digits or *), most (integer).
-- CRS: none. Index: answer_reports_open_idx, grids_grid_code_idx.
SELECT r.report_id, r.kind, r.grid_code, g.name AS grid, r.area_code, a.name AS community, r.reported_on, r.times
FROM answer_reports r
LEFT JOIN areas a ON a.area_code = r.area_code
LEFT JOIN LATERAL (
    SELECT name FROM grids WHERE grid_code = r.grid_code ORDER BY grid_id DESC LIMIT 1
) g ON true
WHERE r.settled_at IS NULL AND (:within = '*' OR starts_with(r.area_code, :within))
ORDER BY r.reported_on DESC, r.report_id DESC
LIMIT :most
