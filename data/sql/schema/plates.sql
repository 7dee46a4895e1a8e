-- The one question the public may ask of doorplates: what stands behind a code. No list of codes leaves here.
-- Rows: one a cell of the door (a building's, or its stairwell's own where it has one), in order of cell; one where
-- it has none; nothing where there is no such plate: plate_id, is_live, name and address of the building, compound,
-- stairwell (number or null), community, lon and lat of a point in the building and in the cell (null where the
-- building is not in the register any more). The grid is found from the points, so a redraw needs no new plate.
CREATE FUNCTION wangge_door(asked text) RETURNS TABLE (
    plate_id bigint, is_live boolean, name text, address text, compound text, stairwell integer, community text,
    lon double precision, lat double precision
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT p.plate_id, p.revoked_at IS NULL, b.name, b.address, c.name, p.stairwell_number, a.name,
        ST_X(at.point), ST_Y(at.point)
    FROM doorplates p
    LEFT JOIN buildings b ON b.building_id = p.building_id
    LEFT JOIN compounds c ON c.compound_id = b.compound_id
    LEFT JOIN areas a ON a.area_code = b.area_code
    LEFT JOIN LATERAL (
        SELECT e.cell_id, ST_PointOnSurface(CASE WHEN ST_Area(part.shape) > 0 THEN part.shape ELSE e.geometry END) AS point
        FROM cells e
        CROSS JOIN LATERAL (
            SELECT ST_CollectionExtract(ST_Intersection(ST_MakeValid(b.geometry), e.geometry), 3) AS shape
        ) part
        WHERE e.building_id = p.building_id AND (
            p.stairwell_id IS NULL OR e.stairwell_id = p.stairwell_id
            OR NOT EXISTS (SELECT FROM cells own WHERE own.stairwell_id = p.stairwell_id)
        )
        UNION ALL
        SELECT 0, ST_PointOnSurface(b.geometry)
        WHERE NOT EXISTS (SELECT FROM cells e WHERE e.building_id = p.building_id)
    ) at ON b.building_id IS NOT NULL
    WHERE p.code = asked
    ORDER BY at.cell_id
$$;
REVOKE ALL ON FUNCTION wangge_door(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wangge_door(text) TO wangge_writer, wangge_reader;
