-- Returns: pairs of open incidents that may be one: the same kind, near, soon after each other, neither marked already.
-- Columns: first_id (reported first), second_id, category, apart_m, apart_hours; nearest in time first.
-- Parameters: near_m, within_hours (double precision), incident_id (bigint or null: pairs with this one only), most
-- (integer). CRS: EPSG:4326; metres on the spheroid. Scope comes by row-level security.
-- Index: idx_incidents_geometry, by a box around the place as wide as near_m is at its latitude.
SELECT
    a.incident_id AS first_id, b.incident_id AS second_id, a.category,
    ST_Distance(cast(a.geometry AS geography), cast(b.geometry AS geography)) AS apart_m,
    extract(epoch FROM b.reported_at - a.reported_at) / 3600 AS apart_hours
FROM incidents a
JOIN incidents b
    ON b.geometry && ST_Expand(
        a.geometry, :near_m / (111320 * greatest(cos(radians(ST_Y(a.geometry))), 0.01)), :near_m / 110574
    )
    AND b.category = a.category
    AND (b.reported_at, b.incident_id) > (a.reported_at, a.incident_id)
    AND b.reported_at <= a.reported_at + make_interval(secs => :within_hours * 3600)
WHERE a.closed_at IS NULL AND b.closed_at IS NULL
    AND a.duplicate_of IS NULL AND b.duplicate_of IS NULL
    AND (cast(:incident_id AS bigint) IS NULL OR :incident_id IN (a.incident_id, b.incident_id))
    AND ST_DWithin(cast(a.geometry AS geography), cast(b.geometry AS geography), :near_m)
ORDER BY apart_hours, apart_m, first_id, second_id
LIMIT :most
