-- Row-level security: people, duties, incidents, their events and clusters are seen and written inside a scope only.
-- The scope is the transaction's setting wangge.scope: leading digits of a division code, '*' for all; unset sees nothing.
-- FORCE holds the owner role to it as well. A superuser is held by nothing: the service must not act as one.
CREATE FUNCTION wangge_in_scope(area_code text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE coalesce(current_setting('wangge.scope', true), '')
        WHEN '' THEN false
        WHEN '*' THEN true
        ELSE starts_with(area_code, current_setting('wangge.scope', true))
    END
$$;

ALTER TABLE people ENABLE ROW LEVEL SECURITY;
ALTER TABLE people FORCE ROW LEVEL SECURITY;
CREATE POLICY in_scope ON people USING (wangge_in_scope(area_code)) WITH CHECK (wangge_in_scope(area_code));

ALTER TABLE duties ENABLE ROW LEVEL SECURITY;
ALTER TABLE duties FORCE ROW LEVEL SECURITY;
CREATE POLICY in_scope ON duties USING (wangge_in_scope(area_code)) WITH CHECK (wangge_in_scope(area_code));

ALTER TABLE incidents ENABLE ROW LEVEL SECURITY;
ALTER TABLE incidents FORCE ROW LEVEL SECURITY;
CREATE POLICY in_scope ON incidents USING (wangge_in_scope(area_code)) WITH CHECK (wangge_in_scope(area_code));

ALTER TABLE incident_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE incident_events FORCE ROW LEVEL SECURITY;
-- The policy of incidents applies inside this query too, so an event is seen exactly where its incident is.
CREATE POLICY in_scope ON incident_events
    USING (EXISTS (SELECT FROM incidents i WHERE i.incident_id = incident_events.incident_id))
    WITH CHECK (EXISTS (SELECT FROM incidents i WHERE i.incident_id = incident_events.incident_id));

ALTER TABLE incident_clusters ENABLE ROW LEVEL SECURITY;
ALTER TABLE incident_clusters FORCE ROW LEVEL SECURITY;
CREATE POLICY in_scope ON incident_clusters USING (wangge_in_scope(area_code)) WITH CHECK (wangge_in_scope(area_code));
