-- Makes what doors are found by: how their names are split into words and numbers, and by which keys words are found.
-- Parameters: none. CRS: none. `data.door_words` reads what people type by the same `door_plain`.
-- Later files restate what they change: street_numbers.sql how names of buildings are written, simplified_letters.sql
-- `door_plain`. A migration that goes back takes them from here.
--
-- letter_sounds: readings of a letter. name_keys: what stands for a stem (云溪苑), each with how it does:
--   w itself; e what it ends with; s two letters of it; d itself without one letter;
--   p how it sounds; q how else it may be read; t sounds without one letter; i the first letters of sounds.
-- door_names: each place under each stem it is called by, with the numbers behind it ('3/2'; '' for none). All three
-- follow the names that are written, in the same statement; nobody else writes them.

CREATE TABLE letter_sounds (
    letter TEXT COLLATE "C" NOT NULL,
    sounds TEXT[] NOT NULL,
    CONSTRAINT letter_sounds_pkey PRIMARY KEY (letter)
);
COMMENT ON COLUMN letter_sounds.sounds IS 'pinyin without tones, the commonest first';

CREATE TABLE name_keys (
    kind VARCHAR(1) NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    stem TEXT COLLATE "C" NOT NULL,
    CONSTRAINT name_keys_pkey PRIMARY KEY (kind, key, stem)
);
COMMENT ON COLUMN name_keys.kind IS 'w whole, e end, s two letters, d one letter left out, p sound, q another reading, t sound with one left out, i initials';

CREATE TABLE door_names (
    kind TEXT NOT NULL,
    place_id BIGINT NOT NULL,
    stem TEXT COLLATE "C" NOT NULL,
    tail TEXT COLLATE "C" NOT NULL,
    CONSTRAINT door_names_pkey PRIMARY KEY (kind, place_id, stem, tail)
);
COMMENT ON COLUMN door_names.kind IS 'community, compound, building';
COMMENT ON COLUMN door_names.place_id IS 'area code, compound_id or building_id';
COMMENT ON COLUMN door_names.tail IS 'numbers behind the stem, outermost first, with / between them';
CREATE INDEX door_names_stem_tail_idx ON door_names (stem, tail);
CREATE INDEX door_names_tail_stem_idx ON door_names (tail, stem);

-- Words as they are compared: half-width, small, simplified; - between numbers, no other sign; 十二栋 is 12栋.
CREATE FUNCTION door_plain(words text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- What a numeral stands before where it counts something.
    unit constant text := '(?=[0-9零〇一二三四五六七八九十百]*(?:号|栋|幢|座|楼|单元|门|梯|层|室|房|户|期|区|组|弄|巷|#))';
    told text := lower(normalize(words, NFKC));
    digit integer;
BEGIN
    told := translate(told,
        '樓棟號單園區縣鎮鄉莊灣橋門層東龍雲華廣國陽麗蘭學醫雙長開關興業銀錦聖達萬豐貴寶慶濱陸鐵馬黃齊魯寧遠進蘇葉頭巖嶺灘島場廟觀閣廳湧榮樂壩鳳凰綠義聯軍衛時豪飛億順運順兩幢',
        '楼栋号单园区县镇乡庄湾桥门层东龙云华广国阳丽兰学医双长开关兴业银锦圣达万丰贵宝庆滨陆铁马黄齐鲁宁远进苏叶头岩岭滩岛场庙观阁厅涌荣乐坝凤凰绿义联军卫时豪飞亿顺运顺两栋');
    told := regexp_replace(told, '([0-9])[^[:alnum:]#]+(?=[0-9])', '\1-', 'g');
    told := regexp_replace(told, '[^[:alnum:]#-]+|(?<![0-9])-|-(?![0-9])', '', 'g');
    IF told ~ '[零〇一二两三四五六七八九十百]' THEN
        told := regexp_replace(told, '两' || unit, '二', 'g');
        told := regexp_replace(told, '([单元栋层楼])([零〇一二三四五六七八九十]+)$', '\1\2室');
        told := regexp_replace(told, '([一二三四五六七八九])百零([一二三四五六七八九])' || unit, '\1〇\2', 'g');
        told := regexp_replace(told, '([一二三四五六七八九])百([一二三四五六七八九])十' || unit, '\1\2十', 'g');
        told := regexp_replace(told, '([一二三四五六七八九])百' || unit, '\1〇〇', 'g');
        told := regexp_replace(told, '([一二三四五六七八九])十([一二三四五六七八九])' || unit, '\1\2', 'g');
        told := regexp_replace(told, '([一二三四五六七八九])十' || unit, '\1〇', 'g');
        told := regexp_replace(told, '十([一二三四五六七八九])' || unit, '一\1', 'g');
        told := regexp_replace(told, '十' || unit, '一〇', 'g');
        FOR digit IN 0..9 LOOP
            told := regexp_replace(told, CASE digit WHEN 0 THEN '[零〇]' ELSE substr('一二三四五六七八九', digit, 1) END || unit,
                digit::text, 'g');
        END LOOP;
    END IF;
    RETURN told;
END $$;

-- Plain words as their stem and the numbers behind it: 云溪苑3栋2单元 is (云溪苑, 3/2).
CREATE FUNCTION door_split_any(plain text, OUT stem text, OUT tail text)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    unit constant text := '(?:号楼|号院|号|栋|座|楼|单元|门|梯|层|室|房|户|#)';
    found text;
BEGIN
    found := coalesce(substring(plain FROM
        '((?:附?(?:block|building|unit|no)?(?<![0-9])(?:[0-9]{1,6}(?:(?<=[0-9])[a-z](?![a-z]))?|(?<![a-z])[a-z][0-9]{0,4}(?=' || unit
        || ')|[甲乙丙丁](?=' || unit || '))' || unit || '?-?)+)$'), '');
    stem := right(left(plain, length(plain) - length(found)), 60);  -- where more is in front, it is province and city
    found := regexp_replace(found, 'block|building|unit|no', '', 'g');
    SELECT coalesce(string_agg(coalesce(nullif(ltrim(part[1], '0'), ''), '0'), '/' ORDER BY place), '') INTO tail
    FROM regexp_matches(found, '[a-z]?[0-9]+[a-z]?|[a-z]|[甲乙丙丁]', 'g') WITH ORDINALITY AS found_parts(part, place)
    WHERE place <= 6;
END $$;

-- The same. Nearly all words end in plain numbers, for which a third of the time does; a law holds both to one answer.
CREATE FUNCTION door_split(plain text, OUT stem text, OUT tail text)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found text := substring(plain FROM '((?:[0-9]{1,6}(?:号楼|号院|号|栋|座|楼|单元|门|梯|层|室|房|户|#))+)$');
BEGIN
    stem := left(plain, length(plain) - length(found));
    IF length(found) < 14  -- seven numbers are longer
        AND (stem = '' OR strpos('0123456789abcdefghijklmnopqrstuvwxyz甲乙丙丁附号院栋座楼单元门梯层室房户#-', right(stem, 1)) = 0)
    THEN
        stem := right(stem, 60);
        tail := regexp_replace(regexp_replace(found, '[^0-9]+(?=[0-9])', '/', 'g'), '[^0-9]+$', '');
        IF found ~ '(?<![0-9])0' THEN
            tail := regexp_replace(tail, '(?<![0-9])0+(?=[0-9])', '', 'g');
        END IF;
        RETURN;
    END IF;
    SELECT s.stem, s.tail INTO stem, tail FROM public.door_split_any(plain) s;
END $$;

-- How a stem sounds, in each of the readings of its letters; where there are too many, each other reading by itself.
CREATE FUNCTION stem_sounds(stem text, OUT sound text, OUT initials text) RETURNS SETOF record
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = public, pg_temp AS $$
DECLARE
    most constant integer := 16;
    said text[];
    readings text[];
    main text[] := '{}';
    made text[] := '{}';
    grown text[];
    place integer;
    other integer;
    is_cut boolean := false;
BEGIN
    SELECT array_agg(
        -- One look each: joined, all letters there are would be read for every stem.
        coalesce((SELECT array_to_string(l.sounds, '/') FROM letter_sounds l WHERE l.letter = given.letter COLLATE "C"), given.letter)
        ORDER BY given.place
    ) INTO said
    FROM regexp_split_to_table(stem, '') WITH ORDINALITY AS given(letter, place);
    FOR place IN 1..cardinality(said) LOOP
        readings := string_to_array(said[place], '/');
        main := main || readings[1];
        IF cardinality(made) * cardinality(readings) > most THEN
            readings := readings[1:1];
            is_cut := true;
        END IF;
        IF place = 1 THEN
            made := readings;
        ELSIF cardinality(readings) = 1 THEN
            SELECT array_agg(m || '/' || readings[1] ORDER BY first) INTO made FROM unnest(made) WITH ORDINALITY AS so_far(m, first);
        ELSE
            SELECT array_agg(m || '/' || r ORDER BY first, second) INTO made  -- the commonest reading of all stays first
            FROM unnest(made) WITH ORDINALITY AS so_far(m, first)
            CROSS JOIN unnest(readings) WITH ORDINALITY AS added(r, second);
        END IF;
    END LOOP;
    RETURN QUERY
    SELECT replace(m, '/', ''), (SELECT string_agg(left(part, 1), '') FROM unnest(string_to_array(m, '/')) part)
    FROM unnest(made) WITH ORDINALITY AS so_far(m, first)
    ORDER BY first;
    IF NOT is_cut THEN
        RETURN;
    END IF;
    FOR place IN 1..cardinality(said) LOOP
        readings := string_to_array(said[place], '/');
        FOR other IN 2..cardinality(readings) LOOP
            grown := main;
            grown[place] := readings[other];
            sound := array_to_string(grown, '');
            SELECT string_agg(left(part, 1), '') INTO initials FROM unnest(grown) part;
            RETURN NEXT;
        END LOOP;
    END LOOP;
END $$;

-- The keys of a stem.
CREATE FUNCTION stem_keys(stem text, OUT kind text, OUT key text) RETURNS SETOF record
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = public, pg_temp AS $$
    WITH said AS MATERIALIZED (
        SELECT s.sound, s.initials, s.number FROM stem_sounds(stem) WITH ORDINALITY AS s(sound, initials, number)
        WHERE stem ~ '[^ -~]'
    )
    SELECT 'w', stem
    UNION SELECT 'e', right(stem, n) FROM generate_series(2, least(length(stem) - 1, 12)) n
    UNION SELECT 's', substr(stem, n, 2) FROM generate_series(2, least(length(stem) - 2, 24)) n
    UNION SELECT 'd', overlay(stem PLACING '' FROM n FOR 1) FROM generate_series(1, least(length(stem), 24)) n
        WHERE length(stem) >= 3
    UNION SELECT CASE number WHEN 1 THEN 'p' ELSE 'q' END, sound FROM said
    UNION SELECT 'i', initials FROM said WHERE length(initials) >= 2
    UNION SELECT 't', overlay(sound PLACING '' FROM n FOR 1)
        FROM said, generate_series(1, least(length(sound), 32)) n
        WHERE length(sound) >= 6 AND number <= 2
$$;

-- Keys of stems that have none yet. What a stem's keys are depends on nothing else, so they are never old.
CREATE FUNCTION add_name_keys(stems text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO name_keys (kind, key, stem)
    SELECT k.kind, k.key, s.stem
    FROM (SELECT DISTINCT stem FROM unnest(stems) AS given(stem) WHERE length(stem) >= 1) s
    CROSS JOIN LATERAL stem_keys(s.stem) k
    WHERE k.key <> '' AND NOT EXISTS (SELECT FROM name_keys w WHERE w.kind = 'w' AND w.key = s.stem AND w.stem = s.stem)
    ORDER BY s.stem, k.kind, k.key
    ON CONFLICT DO NOTHING
$$;

-- Names of some communities and compounds written anew.
CREATE FUNCTION write_place_names(wanted text, ids bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    nothing text;
BEGIN
    DELETE FROM door_names WHERE kind = wanted AND place_id = ANY (ids);
    WITH written AS (
        INSERT INTO door_names (kind, place_id, stem, tail)
        SELECT wanted, place.id, split.stem, split.tail
        FROM (
            SELECT c.compound_id AS id, c.name FROM compounds c WHERE wanted = 'compound' AND c.compound_id = ANY (ids)
            UNION ALL
            SELECT a.area_code::bigint, a.name FROM areas a
            WHERE wanted = 'community' AND a.level = 'community' AND a.geometry IS NOT NULL
                AND a.area_code = ANY (SELECT lpad(n::text, 12, '0') FROM unnest(ids) n)
        ) place
        CROSS JOIN LATERAL door_split(door_plain(place.name)) split
        WHERE place.name IS NOT NULL AND split.stem <> ''
        ON CONFLICT DO NOTHING
        RETURNING stem
    )
    SELECT add_name_keys(array_agg(stem)) FROM written INTO nothing;
END $$;

-- Names of some buildings written anew: by their own name, by their address, by their compound and number in it.
CREATE FUNCTION write_building_names(ids bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    nothing text;
BEGIN
    DELETE FROM door_names WHERE kind = 'building' AND place_id = ANY (ids);
    WITH chosen AS MATERIALIZED (
        SELECT b.building_id, b.name, b.address, c.name AS compound
        FROM unnest(ids) AS given(id) JOIN buildings b ON b.building_id = given.id LEFT JOIN compounds c USING (compound_id)
    ),
    split AS MATERIALIZED (
        SELECT w.words, s.stem, s.tail
        FROM (SELECT name FROM chosen UNION SELECT address FROM chosen UNION SELECT compound FROM chosen) AS w(words)
        CROSS JOIN LATERAL door_split(door_plain(w.words)) s
        WHERE w.words IS NOT NULL
    ),
    parts AS (
        SELECT
            b.building_id, n.stem AS name_stem, n.tail AS name_tail, a.stem AS address_stem, a.tail AS address_tail,
            c.stem AS compound_stem, c.tail AS compound_tail
        FROM chosen b
        LEFT JOIN split n ON n.words = b.name
        LEFT JOIN split a ON a.words = b.address
        LEFT JOIN split c ON c.words = b.compound
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
        ) AS named(building_id, stem, tail)
        WHERE stem <> ''
        ON CONFLICT DO NOTHING
        RETURNING stem
    )
    SELECT add_name_keys(array_agg(DISTINCT stem)) FROM written INTO nothing;
END $$;

-- What follows a statement that writes names: `earlier` and `later` are its rows.
CREATE FUNCTION names_of_new_areas() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM write_place_names('community', (SELECT array_agg(area_code::bigint) FROM later));
    RETURN NULL;
END $$;

CREATE FUNCTION names_of_new_compounds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM write_place_names('compound', (SELECT array_agg(compound_id) FROM later));
    RETURN NULL;
END $$;

CREATE FUNCTION names_of_new_buildings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM write_building_names((SELECT array_agg(building_id) FROM later));
    RETURN NULL;
END $$;

CREATE FUNCTION names_of_gone_areas() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM door_names d USING earlier e WHERE d.kind = 'community' AND d.place_id = e.area_code::bigint;
    IF NOT EXISTS (SELECT FROM areas) THEN  -- the whole town is gone
        DELETE FROM name_keys;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION names_of_gone_compounds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM door_names d USING earlier e WHERE d.kind = 'compound' AND d.place_id = e.compound_id;
    RETURN NULL;
END $$;

CREATE FUNCTION names_of_gone_buildings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM door_names d USING earlier e WHERE d.kind = 'building' AND d.place_id = e.building_id;
    RETURN NULL;
END $$;

CREATE FUNCTION names_of_changed_areas() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM write_place_names('community', (
        SELECT array_agg(area_code::bigint) FROM earlier e FULL JOIN later l USING (area_code)
        WHERE (e.name, e.level, e.geometry IS NULL) IS DISTINCT FROM (l.name, l.level, l.geometry IS NULL)
    ));
    RETURN NULL;
END $$;

CREATE FUNCTION names_of_changed_compounds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    changed bigint[] := (
        SELECT array_agg(compound_id) FROM earlier e FULL JOIN later l USING (compound_id)
        WHERE e.name IS DISTINCT FROM l.name
    );
BEGIN
    IF changed IS NOT NULL THEN
        PERFORM write_place_names('compound', changed);
        PERFORM write_building_names((SELECT array_agg(building_id) FROM buildings WHERE compound_id = ANY (changed)));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION names_of_changed_buildings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM write_building_names((
        SELECT array_agg(building_id) FROM earlier e FULL JOIN later l USING (building_id)
        WHERE (e.name, e.address, e.compound_id) IS DISTINCT FROM (l.name, l.address, l.compound_id)
    ));
    RETURN NULL;
END $$;

CREATE FUNCTION names_of_none() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM door_names WHERE kind = TG_ARGV[0];
    RETURN NULL;
END $$;

CREATE TRIGGER door_names_insert AFTER INSERT ON areas
REFERENCING NEW TABLE AS later FOR EACH STATEMENT EXECUTE FUNCTION names_of_new_areas();
CREATE TRIGGER door_names_update AFTER UPDATE ON areas
REFERENCING OLD TABLE AS earlier NEW TABLE AS later FOR EACH STATEMENT EXECUTE FUNCTION names_of_changed_areas();
CREATE TRIGGER door_names_delete AFTER DELETE ON areas
REFERENCING OLD TABLE AS earlier FOR EACH STATEMENT EXECUTE FUNCTION names_of_gone_areas();
CREATE TRIGGER door_names_truncate AFTER TRUNCATE ON areas
FOR EACH STATEMENT EXECUTE FUNCTION names_of_none('community');

CREATE TRIGGER door_names_insert AFTER INSERT ON compounds
REFERENCING NEW TABLE AS later FOR EACH STATEMENT EXECUTE FUNCTION names_of_new_compounds();
CREATE TRIGGER door_names_update AFTER UPDATE ON compounds
REFERENCING OLD TABLE AS earlier NEW TABLE AS later FOR EACH STATEMENT EXECUTE FUNCTION names_of_changed_compounds();
CREATE TRIGGER door_names_delete AFTER DELETE ON compounds
REFERENCING OLD TABLE AS earlier FOR EACH STATEMENT EXECUTE FUNCTION names_of_gone_compounds();
CREATE TRIGGER door_names_truncate AFTER TRUNCATE ON compounds
FOR EACH STATEMENT EXECUTE FUNCTION names_of_none('compound');

CREATE TRIGGER door_names_insert AFTER INSERT ON buildings
REFERENCING NEW TABLE AS later FOR EACH STATEMENT EXECUTE FUNCTION names_of_new_buildings();
CREATE TRIGGER door_names_update AFTER UPDATE ON buildings
REFERENCING OLD TABLE AS earlier NEW TABLE AS later FOR EACH STATEMENT EXECUTE FUNCTION names_of_changed_buildings();
CREATE TRIGGER door_names_delete AFTER DELETE ON buildings
REFERENCING OLD TABLE AS earlier FOR EACH STATEMENT EXECUTE FUNCTION names_of_gone_buildings();
CREATE TRIGGER door_names_truncate AFTER TRUNCATE ON buildings
FOR EACH STATEMENT EXECUTE FUNCTION names_of_none('building');

REVOKE ALL ON FUNCTION add_name_keys(text[]), write_place_names(text, bigint[]), write_building_names(bigint[]) FROM PUBLIC;
GRANT SELECT ON letter_sounds, name_keys, door_names TO wangge_reader, wangge_writer;
GRANT SELECT (number) ON stairwells TO wangge_reader;
