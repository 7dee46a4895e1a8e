-- Returns: places whose name is like a text, best first: kind (compound, building, community), id (text), label,
-- score (0 to 1), lon, lat (of a point inside), accuracy_m (how far the extent of a compound or community reaches from
-- that point, whole metres, at most 5000: a name of many doors is no exact place; 0 for a building).
-- A building is called by its compound and its own name or address.
-- Parameters: typed (text without spaces), words (the same with blocks written one way: 幢, 号楼 as 栋), typed_pattern
-- and pattern (both as LIKE patterns, its signs escaped), most (integer), close (real, least word similarity).
-- CRS: EPSG:4326; metres in EPSG:3857 times the cosine of latitude, right to some 0.1 % over a community. Index: areas_name_idx, compounds_name_idx, buildings_name_idx, buildings_address_idx (trigrams; the
-- threshold of %> is the setting pg_trgm.word_similarity_threshold, set by the caller).
WITH
compound_hits AS (
    -- Names of compounds stand in what people type, or the other way round.
    SELECT
        c.compound_id, c.name, c.geometry,
        greatest(
            CASE WHEN c.name ILIKE :typed_pattern THEN 0.9 ELSE 0 END, word_similarity(:typed, c.name),
            word_similarity(c.name, :typed) * 0.8
        ) AS score
    FROM compounds c
    WHERE c.name IS NOT NULL
        AND (c.name ILIKE :typed_pattern OR c.name %> :typed OR word_similarity(c.name, :typed) >= :close)
    ORDER BY score DESC, c.compound_id
    LIMIT :most
),
building_ids AS (
    SELECT b.building_id FROM buildings b
    WHERE b.name ILIKE :typed_pattern OR b.name ILIKE :pattern OR b.name %> :typed
    UNION
    SELECT b.building_id FROM buildings b
    WHERE b.address ILIKE :typed_pattern OR b.address ILIKE :pattern OR b.address %> :typed
    UNION
    SELECT b.building_id
    FROM buildings b
    JOIN compound_hits c USING (compound_id)
    WHERE length(:typed) > length(c.name)
),
called AS (
    SELECT
        b.building_id, b.geometry, coalesce(b.address, '') AS address,
        CASE
            WHEN c.name IS NOT NULL AND strpos(coalesce(b.name, b.address, ''), c.name) = 0
                THEN trim(c.name || ' ' || coalesce(b.name, b.address, ''))
            ELSE coalesce(b.name, b.address, c.name, '')
        END AS label
    FROM building_ids
    JOIN buildings b USING (building_id)
    LEFT JOIN compounds c USING (compound_id)
),
building_hits AS (
    SELECT
        building_id, geometry, label,
        regexp_replace(replace(label, ' ', ''), '([0-9])(幢|号楼)', '\1栋', 'g') AS folded,
        regexp_replace(replace(address, ' ', ''), '([0-9])(幢|号楼)', '\1栋', 'g') AS address
    FROM called
),
hits AS (
    SELECT
        'community' AS kind, a.area_code::text AS id, a.name AS label, a.name AS folded, a.geometry,
        greatest(CASE WHEN a.name ILIKE :typed_pattern THEN 0.9 ELSE 0 END, word_similarity(:typed, a.name)) AS score
    FROM areas a
    WHERE a.level = 'community' AND a.geometry IS NOT NULL AND (a.name ILIKE :typed_pattern OR a.name %> :typed)
    UNION ALL
    SELECT 'compound', compound_id::text, name, name, geometry, score FROM compound_hits
    UNION ALL
    SELECT
        'building', building_id::text, label, folded, geometry,
        greatest(
            CASE WHEN folded ILIKE :pattern OR address ILIKE :pattern THEN 0.9 ELSE 0 END,
            word_similarity(:words, address), similarity(:words, folded)
        )
    FROM building_hits
)
SELECT
    kind, id, label, cast(score AS double precision) AS score,
    ST_X(point) AS lon, ST_Y(point) AS lat,
    CASE
        WHEN kind = 'building' THEN 0.0::double precision
        ELSE least(5000.0, ceil(
            ST_MaxDistance(ST_Transform(point, 3857), ST_Transform(geometry, 3857)) * cos(radians(ST_Y(point)))
        ))
    END AS accuracy_m
FROM (
    -- Equal scores: what is called exactly so, then the shorter name, then wider places before single doors.
    SELECT * FROM hits
    ORDER BY
        folded = :words DESC, score DESC, length(label),
        array_position(ARRAY['compound', 'community', 'building'], kind), label, id
    LIMIT :most
) best
CROSS JOIN LATERAL (SELECT ST_PointOnSurface(best.geometry) AS point) p
ORDER BY folded = :words DESC, score DESC, length(label),
    array_position(ARRAY['compound', 'community', 'building'], kind), label, id
