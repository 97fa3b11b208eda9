#!/bin/sh
# PostgreSQL's image runs this once, when its data folder is empty: two users, each the owner of its own databases.
set -eu
secrets=${SECRETS:-/run/secrets}
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    --set records="$(cat "$secrets/records_password")" --set temporal="$(cat "$secrets/temporal_password")" <<'SQL'
CREATE ROLE second_opinion LOGIN PASSWORD :'records';
CREATE ROLE temporal LOGIN PASSWORD :'temporal';
CREATE DATABASE second_opinion OWNER second_opinion;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE CONNECT ON DATABASE second_opinion, temporal, temporal_visibility FROM PUBLIC;
\connect temporal_visibility
CREATE EXTENSION IF NOT EXISTS btree_gin;
SQL
