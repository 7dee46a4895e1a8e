-- Whom the public may call: the one door from public answers to people, with nothing behind it but these columns.
-- It runs as its owner, over all scopes: who answers for a grid is public; a full name and a private number are not.
CREATE FUNCTION wangge_masked_name(name text, kind text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN kind = 'organisation' THEN name
        WHEN name ~ '^(欧阳|太史|端木|上官|司马|东方|独孤|南宫|万俟|闻人|夏侯|诸葛|尉迟|公羊|赫连|澹台|皇甫|宗政|濮阳|公冶|太叔|申屠|公孙|慕容|仲孙|钟离|长孙|宇文|司徒|鲜于|司空|令狐).'
            THEN left(name, 2) || '网格员'
        WHEN name ~ '^[a-zA-Z]' THEN upper(left(name, 1)) || '. 网格员'
        ELSE left(name, 1) || '网格员'
    END
$$;

-- Rows: one a grid that has a worker on that day (the one longest in duty): grid_code, masked name, duty line.
-- The scope is widened for this one query and put back: a function may not carry wangge.scope in a SET clause of its own.
CREATE FUNCTION public_contacts(day date) RETURNS TABLE (grid_code text, name text, duty_line text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    scope text := current_setting('wangge.scope', true);
BEGIN
    PERFORM set_config('wangge.scope', '*', true);
    RETURN QUERY
        SELECT DISTINCT ON (d.grid_code) d.grid_code::text, wangge_masked_name(p.name, p.kind), p.duty_line
        FROM duties d JOIN people p USING (person_id)
        WHERE d.role = 'worker' AND d.grid_code IS NOT NULL AND d.valid @> day
        ORDER BY d.grid_code, lower(d.valid) NULLS FIRST, d.duty_id;
    PERFORM set_config('wangge.scope', coalesce(scope, ''), true);
END
$$;
REVOKE ALL ON FUNCTION public_contacts(date) FROM PUBLIC;
