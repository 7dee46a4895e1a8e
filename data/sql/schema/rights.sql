-- Rights of the writer and the reader on what the first step made. The owner has its own by owning.
-- The writer changes rows, never tables; the audit it only reads: rows come from the trigger, which runs as its owner.
DO $$
DECLARE
    made regclass;
BEGIN
    FOR made IN
        SELECT oid FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_get_userbyid(relowner) = 'wangge_owner'
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO wangge_writer', made);
    END LOOP;
    FOR made IN
        SELECT oid FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'S' AND pg_get_userbyid(relowner) = 'wangge_owner'
    LOOP
        EXECUTE format('GRANT USAGE, SELECT, UPDATE ON SEQUENCE %s TO wangge_writer', made);
    END LOOP;
END
$$;
REVOKE ALL ON audit FROM wangge_writer;
GRANT SELECT ON audit TO wangge_writer;
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON SEQUENCE %s FROM wangge_writer', pg_get_serial_sequence('audit', 'audit_id'));
END
$$;
GRANT EXECUTE ON FUNCTION public_contacts(date) TO wangge_writer, wangge_reader;

-- The reader serves the public look-up and base map. No people, duties, incidents, accounts, sessions, jobs or
-- audit; of buildings and stairwells, where they stand and what they are called, not who lives in them.
GRANT SELECT ON
    areas, streets, barriers, greens, compounds, gates, plans, plan_areas, grids, zones, stations,
    building_walks, category_walks, deployment
TO wangge_reader;
GRANT SELECT (building_id, area_code, compound_id, name, address, use, geometry) ON buildings TO wangge_reader;
GRANT SELECT (stairwell_id, building_id, geometry) ON stairwells TO wangge_reader;
