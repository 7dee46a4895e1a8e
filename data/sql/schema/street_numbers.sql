-- Makes compounds found by their street and number, which stand in the addresses of their blocks alone: 盛花巷2号鼎盛苑1栋.
-- Parameters: none. CRS: none. Follows door_names.sql, whose functions of the same names it replaces.
--
-- In door_names a gate is a compound under a street and number of its blocks (盛花巷, 2), the block stands under the same
-- with its own number behind (盛花巷, 2/1). Gates are written with the blocks; where one is gone, those left tell again.

COMMENT ON COLUMN door_names.kind IS 'community, compound, gate, building';
COMMENT ON COLUMN door_names.place_id IS 'area code, compound_id (of a gate, too) or building_id';

-- A plain address as what ends with its first 号, a street and its number, and what comes behind; null where none does.
-- 3号楼 is a block and 2号路 a street.
CREATE FUNCTION door_front(plain text, OUT front text, OUT rest text)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found text[] := regexp_match(plain, '^(.*?[^0-9-][0-9][0-9-]*号(?:院(?!$))?(?:附[0-9]+号)?)(?![楼路街巷弄道线])(.+)$');
BEGIN
    front := found[1];
    rest := found[2];
END $$;

-- Names of some buildings written anew: by their own name, by their address, by their compound and number in it; by the
-- street and number of their compound, which is called by these, too.
CREATE OR REPLACE FUNCTION write_building_names(ids bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    nothing text;
BEGIN
    DELETE FROM door_names WHERE kind = 'building' AND place_id = ANY (ids);
    WITH chosen AS MATERIALIZED (
        SELECT b.building_id, b.name, b.address, b.compound_id, c.name AS compound
        FROM unnest(ids) AS given(id) JOIN buildings b ON b.building_id = given.id LEFT JOIN compounds c USING (compound_id)
    ),
    split AS MATERIALIZED (
        SELECT w.words, w.plain, s.stem, s.tail
        FROM (
            SELECT words, door_plain(words) AS plain
            FROM (SELECT name FROM chosen UNION SELECT address FROM chosen UNION SELECT compound FROM chosen) AS given(words)
            WHERE words IS NOT NULL
            OFFSET 0  -- plain is made once
        ) w
        CROSS JOIN LATERAL door_split(w.plain) s
    ),
    -- Looked at once for all blocks of a compound: their addresses have one stem.
    streets AS MATERIALIZED (
        SELECT given.stem, at.stem AS street, at.tail AS number, f.rest AS rest_stem
        FROM (SELECT DISTINCT stem FROM split WHERE strpos(stem, '号') > 0) given
        CROSS JOIN LATERAL door_front(given.stem) f
        CROSS JOIN LATERAL door_split(f.front) at
        WHERE f.front IS NOT NULL AND at.stem <> ''
    ),
    fronts AS MATERIALIZED (
        SELECT w.words, s.street AS stem, s.number AS tail, s.rest_stem, w.tail AS rest_tail, false AS is_block
        FROM split w JOIN streets s ON s.stem = w.stem
        UNION ALL
        SELECT w.words, at.stem, at.tail, '', '', f.rest ~ '^[0-9a-z甲乙丙丁]+(?:号楼|栋|座|#)'
        FROM split w
        CROSS JOIN LATERAL door_front(w.plain) f
        CROSS JOIN LATERAL door_split(f.front) at
        WHERE strpos(w.stem, '号') = 0 AND strpos(w.tail, '/') > 0 AND f.front IS NOT NULL AND at.stem <> ''
    ),
    parts AS MATERIALIZED (
        SELECT
            b.building_id, b.compound_id,
            n.stem AS name_stem, n.tail AS name_tail, a.stem AS address_stem, a.tail AS address_tail,
            c.stem AS compound_stem, c.tail AS compound_tail,
            f.stem AS street, f.tail AS number, f.rest_stem, f.rest_tail, f.is_block,
            coalesce(strpos(f.rest_stem, nullif(c.stem, '')) > 0 OR strpos(c.stem, nullif(f.rest_stem, '')) > 0, false) AS is_of_compound
        FROM chosen b
        LEFT JOIN split n ON n.words = b.name
        LEFT JOIN split a ON a.words = b.address
        LEFT JOIN split c ON c.words = b.compound
        LEFT JOIN fronts f ON f.words = b.address
    ),
    written AS (
        INSERT INTO door_names (kind, place_id, stem, tail)
        SELECT DISTINCT 'building', building_id, stem, tail
        FROM (
            SELECT building_id, name_stem, name_tail FROM parts
            UNION ALL
            SELECT building_id, address_stem, address_tail FROM parts
            UNION ALL
            SELECT building_id, compound_stem, concat_ws('/', nullif(compound_tail, ''), nullif(name_tail, ''))
            FROM parts WHERE coalesce(name_stem, '') = '' AND name_tail <> ''
            UNION ALL
            SELECT building_id, compound_stem, concat_ws('/', nullif(compound_tail, ''), nullif(address_tail, ''))
            FROM parts WHERE coalesce(address_stem, '') = '' AND address_tail <> ''
            UNION ALL
            -- Called by its own name within the compound: 云溪苑 幼儿园.
            SELECT building_id, compound_stem || coalesce(compound_tail, '') || name_stem, name_tail
            FROM parts WHERE name_stem <> '' AND compound_stem <> '' AND strpos(name_stem, compound_stem) = 0
            UNION ALL
            -- 盛花巷2号1栋 for 盛花巷2号鼎盛苑1栋.
            SELECT building_id, street, number || '/' || rest_tail FROM parts WHERE rest_stem <> '' AND rest_tail <> ''
            UNION ALL
            -- The same, where the block is told by the name alone: 盛花巷2号, 1栋.
            SELECT building_id, coalesce(street, address_stem), coalesce(number, address_tail) || '/' || name_tail
            FROM parts
            WHERE coalesce(rest_tail, '') = '' AND coalesce(number, address_tail) <> '' AND name_tail <> ''
                AND name_stem IN ('', compound_stem) AND strpos(coalesce(street, address_stem), compound_stem) = 0
            UNION ALL
            -- 人民路5号 for 人民路5号桥头小学.
            SELECT building_id, street, number FROM parts WHERE rest_stem <> '' AND NOT is_of_compound
        ) AS named(building_id, stem, tail)
        WHERE stem <> ''
        ON CONFLICT DO NOTHING
        RETURNING stem
    ),
    gates AS (
        INSERT INTO door_names (kind, place_id, stem, tail)
        SELECT DISTINCT 'gate', compound_id, street, number
        FROM parts WHERE street <> '' AND compound_stem <> '' AND (is_of_compound OR (rest_stem = '' AND is_block))
        ON CONFLICT DO NOTHING
        RETURNING stem
    )
    SELECT add_name_keys((SELECT array_agg(DISTINCT stem) FROM (SELECT stem FROM written UNION ALL SELECT stem FROM gates) told))
    INTO nothing;
END $$;

-- Takes the gates of some compounds away and returns all buildings that can tell them anew.
CREATE FUNCTION take_gates(compounds bigint[]) RETURNS bigint[]
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (DELETE FROM door_names WHERE kind = 'gate' AND place_id = ANY (compounds) RETURNING place_id)
    SELECT coalesce(array_agg(building_id), '{}') FROM buildings WHERE compound_id IN (SELECT place_id FROM gone)
$$;
REVOKE ALL ON FUNCTION take_gates(bigint[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION names_of_gone_compounds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM door_names d USING earlier e WHERE d.kind IN ('compound', 'gate') AND d.place_id = e.compound_id;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION names_of_gone_buildings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    others bigint[] := take_gates((SELECT array_agg(DISTINCT compound_id) FROM earlier WHERE compound_id IS NOT NULL));
BEGIN
    DELETE FROM door_names d USING earlier e WHERE d.kind = 'building' AND d.place_id = e.building_id;
    IF cardinality(others) > 0 THEN
        PERFORM write_building_names(others);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION names_of_changed_compounds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    changed bigint[] := (
        SELECT array_agg(compound_id) FROM earlier e FULL JOIN later l USING (compound_id)
        WHERE e.name IS DISTINCT FROM l.name
    );
BEGIN
    IF changed IS NOT NULL THEN
        PERFORM take_gates(changed);
        PERFORM write_place_names('compound', changed);
        PERFORM write_building_names((SELECT array_agg(building_id) FROM buildings WHERE compound_id = ANY (changed)));
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION names_of_changed_buildings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    changed bigint[];
    left_by bigint[];
BEGIN
    SELECT array_agg(building_id), array_agg(DISTINCT e.compound_id) INTO changed, left_by
    FROM earlier e FULL JOIN later l USING (building_id)
    WHERE (e.name, e.address, e.compound_id) IS DISTINCT FROM (l.name, l.address, l.compound_id);
    IF changed IS NOT NULL THEN
        changed := ARRAY(SELECT unnest(changed) UNION SELECT unnest(take_gates(left_by)));
        PERFORM write_building_names(changed);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION names_of_none() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM door_names WHERE kind = TG_ARGV[0] OR (kind = 'gate' AND TG_ARGV[0] IN ('building', 'compound'));
    RETURN NULL;
END $$;
