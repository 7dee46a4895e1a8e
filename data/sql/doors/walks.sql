-- Returns: all walks known from doors in one value, so that a city's three million are read in a second: of each the
-- building_id and station_id (8 bytes) and walk_min (double precision, to the tenth), network byte order; null: none.
-- Parameters: none. CRS: none. Index: none, both tables are read whole.
SELECT string_agg(int8send(building_id) || int8send(station_id) || float8send(round(walk_min * 10) / 10), ''::bytea)
FROM (
    SELECT building_id, station_id, walk_min FROM building_walks WHERE walk_min IS NOT NULL
    UNION
    SELECT building_id, station_id, walk_min FROM category_walks
) walks
