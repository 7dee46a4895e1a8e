"""PostGIS: the private server, engines with roles and timeouts, migrations."""
