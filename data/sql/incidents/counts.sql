-- Returns: counts of incidents by one thing at a time: each row has one key set and the others null.
-- Columns: day (date), category, tier, state, weekday (1 Monday .. 7), hour (0-23), grid_code; incidents, of them
-- open (not closed) and overdue (open, and their limit is over). `part` tells which key it is, as GROUPING() does.
-- Parameters: since, until (timestamptz or null), category, tier, state (text or null), west, south, east, north
-- (degrees or null), now (timestamptz).
-- CRS: EPSG:4326. Days and hours are Asia/Shanghai. Scope comes by row-level security.
-- Index: incidents_reported_at_idx, idx_incidents_geometry.
WITH kept AS (
    SELECT
        i.category, i.tier, i.state, i.grid_code_reported AS grid_code,
        i.reported_at AT TIME ZONE 'Asia/Shanghai' AS local_at,
        i.closed_at IS NULL AS is_open,
        i.closed_at IS NULL AND i.due_at < :now AS is_overdue
    FROM incidents i
    WHERE (cast(:since AS timestamptz) IS NULL OR i.reported_at >= :since)
        AND (cast(:until AS timestamptz) IS NULL OR i.reported_at < :until)
        AND (cast(:category AS text) IS NULL OR i.category = :category)
        AND (cast(:tier AS text) IS NULL OR i.tier = :tier)
        AND (cast(:state AS text) IS NULL OR i.state = :state)
        AND (
            cast(:west AS double precision) IS NULL
            OR ST_Intersects(i.geometry, ST_MakeEnvelope(:west, :south, :east, :north, 4326))
        )
)
SELECT
    cast(local_at AS date) AS day, category, tier, state,
    cast(extract(isodow FROM local_at) AS integer) AS weekday, cast(extract(hour FROM local_at) AS integer) AS hour,
    grid_code,
    grouping(cast(local_at AS date), category, tier, state, extract(isodow FROM local_at), grid_code) AS part,
    count(*) AS incidents,
    count(*) FILTER (WHERE is_open) AS open,
    count(*) FILTER (WHERE coalesce(is_overdue, false)) AS overdue
FROM kept
GROUP BY GROUPING SETS (
    (), (cast(local_at AS date)), (category), (tier), (state),
    (extract(isodow FROM local_at), extract(hour FROM local_at)), (grid_code)
)
ORDER BY part, day, category, tier, state, weekday, hour, grid_code
