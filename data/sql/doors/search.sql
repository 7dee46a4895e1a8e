-- Returns: places whose name answers to some keys, best first: kind (compound, building, community), id (text), label,
-- score (0 to 1), lon, lat (of a point inside; of the stairwell where one is meant), accuracy_m (how far the extent of a
-- compound or community reaches from that point, whole metres, at most 5000: a name of many doors is no exact place; 0
-- for a building).
-- Parameters: of each key kinds, keys, scores, readings (number of its reading), parts (what the stem holds besides),
-- starts (all keys that begin so); of each tail a reading may have tail_readings, tails, stairwells (0 for none); plain
-- (what was typed, as door_plain has it), most (integer). A reading with no tail but '' lists what has any, too.
-- CRS: EPSG:4326; metres in EPSG:3857 times the cosine of latitude, right to some 0.1 % over a community.
-- Index: name_keys_pkey by (kind, key) and its beginning, door_names_stem_tail_idx, door_names_tail_stem_idx, the keys of the places.
WITH
tails AS MATERIALIZED (
    SELECT reading, tail, max(stairwell) AS stairwell, cardinality(string_to_array(tail, '/')) AS numbers
    FROM unnest(CAST(:tail_readings AS integer[]), CAST(:tails AS text[]), CAST(:stairwells AS integer[]))
        AS given(reading, tail, stairwell)
    GROUP BY reading, tail
),
numbered AS MATERIALIZED (
    SELECT reading, bool_or(tail <> '') AS is_numbered FROM tails GROUP BY reading
),
asked AS MATERIALIZED (
    SELECT given.*, coalesce(n.is_numbered, false) AS is_numbered
    FROM unnest(
        CAST(:kinds AS text[]), CAST(:keys AS text[]), CAST(:scores AS double precision[]), CAST(:readings AS integer[]),
        CAST(:parts AS text[]), CAST(:starts AS boolean[])
    ) AS given(kind, key, score, reading, part, is_start)
    LEFT JOIN numbered n USING (reading)
),
stems AS MATERIALIZED (
    SELECT reading, stem, max(score) AS score
    FROM (
        SELECT
            a.reading, k.stem,
            a.score * CASE
                WHEN a.kind IN ('e', 's')
                    THEN 0.8 + 0.2 * length(coalesce(nullif(a.part, ''), a.key))::double precision / length(k.stem)
                ELSE 1
            END AS score
        FROM asked a
        CROSS JOIN LATERAL (
            SELECT n.stem FROM name_keys n
            WHERE n.kind = a.kind AND n.key = a.key COLLATE "C"
                AND (a.part = '' OR (
                    strpos(n.stem, a.part) > 0
                    -- 盛花巷3 is nothing within 盛花巷2号鼎盛苑, whose blocks have numbers of their own.
                    AND NOT (a.is_numbered AND substr(n.stem, strpos(n.stem, a.part) + length(a.part)) ~ '[0-9]号')
                ))
            LIMIT 2000
        ) k
        WHERE NOT a.is_start
        UNION ALL
        SELECT a.reading, k.stem, a.score * (0.8 + 0.2 * length(a.key)::double precision / length(k.key))
        FROM asked a
        CROSS JOIN LATERAL (
            SELECT n.stem, n.key FROM name_keys n
            WHERE n.kind = a.kind AND n.key > a.key COLLATE "C" AND n.key < (a.key || chr(1114111)) COLLATE "C"
                AND NOT (a.is_numbered AND a.key !~ '[0-9]' AND n.stem ~ '[0-9]号')
            LIMIT 500
        ) k
        WHERE a.is_start
    ) hits
    GROUP BY reading, stem
    ORDER BY score DESC, length(stem), stem
    LIMIT 400
),
named AS (
    -- Places whose numbers were typed; the more of them, the better.
    SELECT
        d.kind, d.place_id, t.stairwell, t.numbers,
        s.score * CASE WHEN t.tail = '' AND n.is_numbered THEN 0.7 ELSE 1 END AS score
    FROM stems s
    JOIN numbered n USING (reading)
    JOIN tails t USING (reading)
    CROSS JOIN LATERAL (
        SELECT d.kind, d.place_id FROM door_names d WHERE d.stem = s.stem AND d.tail = t.tail COLLATE "C" LIMIT 200
    ) d
    UNION ALL
    -- Doors of a name that was typed without a number.
    SELECT d.kind, d.place_id, 0, 0, s.score * 0.6
    FROM (
        SELECT s.stem, s.score FROM stems s JOIN numbered n USING (reading)
        WHERE NOT n.is_numbered
        ORDER BY s.score DESC LIMIT 20
    ) s
    CROSS JOIN LATERAL (
        SELECT d.kind, d.place_id FROM door_names d WHERE d.stem = s.stem AND d.tail <> ''
        ORDER BY length(d.tail), d.tail, d.place_id LIMIT :most
    ) d
    UNION ALL
    -- A number and nothing else: some doors that have it, of any name; which one is meant nobody can tell.
    SELECT d.kind, d.place_id, t.stairwell, t.numbers, 0.4
    FROM tails t
    CROSS JOIN LATERAL (
        SELECT d.kind, d.place_id FROM door_names d
        WHERE d.tail = t.tail COLLATE "C" AND d.kind = 'building'
        ORDER BY d.stem LIMIT :most
    ) d
    WHERE t.numbers = 1 AND NOT EXISTS (SELECT FROM asked a WHERE a.reading = t.reading)
),
best AS (
    SELECT DISTINCT ON (kind, place_id) *
    FROM (
        SELECT CASE kind WHEN 'gate' THEN 'compound' ELSE kind END AS kind, place_id, stairwell, numbers, score FROM named
    ) places
    ORDER BY kind, place_id, score DESC, numbers DESC, stairwell DESC
),
few AS (
    SELECT * FROM best
    ORDER BY score DESC, numbers DESC, array_position(ARRAY['compound', 'community', 'building'], kind), place_id
    LIMIT 60
),
called AS (
    SELECT
        f.kind, f.place_id, f.score, f.numbers, c.geometry, c.name AS label, c.area_code, NULL::geometry AS well_point
    FROM few f JOIN compounds c ON f.kind = 'compound' AND c.compound_id = f.place_id
    UNION ALL
    SELECT f.kind, f.place_id, f.score, f.numbers, a.geometry, a.name, a.area_code, NULL
    FROM few f JOIN areas a ON f.kind = 'community' AND a.area_code = lpad(f.place_id::text, 12, '0')
    UNION ALL
    SELECT
        f.kind, f.place_id, f.score, f.numbers, b.geometry,
        concat_ws(' ', CASE
            WHEN c.name IS NOT NULL AND strpos(coalesce(b.name, b.address, ''), c.name) = 0
                THEN trim(c.name || ' ' || coalesce(b.name, b.address, ''))
            -- A bare number says nothing without its compound.
            WHEN c.name IS NULL AND b.address IS NOT NULL AND (door_split(door_plain(b.name))).stem = '' THEN b.address
            ELSE coalesce(b.name, b.address, c.name, '')
        END, w.number || '单元'),
        b.area_code, w.geometry
    FROM few f
    JOIN buildings b ON f.kind = 'building' AND b.building_id = f.place_id
    LEFT JOIN compounds c USING (compound_id)
    LEFT JOIN LATERAL (
        SELECT w.number, w.geometry FROM stairwells w
        WHERE w.building_id = b.building_id AND w.number = f.stairwell
        ORDER BY w.stairwell_id LIMIT 1
    ) w ON true
),
ranked AS (
    -- Of places called the same, those whose community or street was typed too.
    SELECT
        called.*,
        called.score + 0.01 * CAST(strpos(:plain, a.name) > 0 AS integer)
            + 0.01 * CAST(coalesce(strpos(:plain, p.name) > 0, false) AS integer) AS told
    FROM called
    JOIN areas a USING (area_code)
    LEFT JOIN areas p ON p.area_code = a.parent_code
)
SELECT
    kind, CASE WHEN kind = 'community' THEN lpad(place_id::text, 12, '0') ELSE place_id::text END AS id, label, cast(least(score, 1) AS double precision) AS score,
    ST_X(point) AS lon, ST_Y(point) AS lat,
    CASE
        WHEN kind = 'building' THEN 0.0::double precision
        ELSE least(5000.0, ceil(
            ST_MaxDistance(ST_Transform(point, 3857), ST_Transform(geometry, 3857)) * cos(radians(ST_Y(point)))
        ))
    END AS accuracy_m
FROM (
    SELECT * FROM ranked
    ORDER BY told DESC, numbers DESC, length(label),
        array_position(ARRAY['compound', 'community', 'building'], kind), label, place_id
    LIMIT :most
) shown
CROSS JOIN LATERAL (SELECT coalesce(shown.well_point, ST_PointOnSurface(shown.geometry)) AS point) p
ORDER BY told DESC, numbers DESC, length(label),
    array_position(ARRAY['compound', 'community', 'building'], kind), label, place_id
