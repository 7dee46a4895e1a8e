-- Gives grids their names, kinds and locks; their ground stays. Returns nothing.
-- Parameters: rows (JSON, a list of grid_id, name, kind, is_locked, exception), revision (integer).
-- CRS: none. Index: grids_pkey.
UPDATE grids
SET name = row.name, kind = row.kind, is_locked = row.is_locked, exception = row.exception, revision = :revision
FROM jsonb_to_recordset(cast(:rows AS jsonb))
    AS row (grid_id bigint, name text, kind text, is_locked boolean, exception text)
WHERE grids.grid_id = row.grid_id
