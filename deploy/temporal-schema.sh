#!/bin/sh
# Temporal's tables, made or upgraded; repeatable. The databases are made by postgres-init.sh.
set -eu
SQL_PASSWORD=$(cat /run/secrets/temporal_password)
export SQL_PASSWORD
for database in temporal temporal_visibility; do
    kind=temporal
    [ "$database" = temporal ] || kind=visibility
    sql="temporal-sql-tool --plugin postgres12 --endpoint postgres --port 5432 --user temporal --database $database"
    $sql setup-schema --version 0.0 || echo "$database: there is a schema already"
    $sql update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$kind/versioned"
done
