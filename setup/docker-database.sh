#!/usr/bin/env bash
# Run once by the PostGIS container on an empty volume: the service's own login, which is no superuser, and its database.
set -euo pipefail
psql -v ON_ERROR_STOP=1 -v password="$WANGGE_POSTGRES_PASSWORD" --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
CREATE ROLE wangge LOGIN NOSUPERUSER CREATEROLE PASSWORD :'password';
CREATE DATABASE wangge OWNER wangge TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
\connect wangge
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
SQL
