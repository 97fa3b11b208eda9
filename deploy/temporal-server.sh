#!/bin/sh
# Temporal reads its database's password from the environment only: it gets there from the file, and into no inspection.
set -eu
POSTGRES_PWD=$(cat /run/secrets/temporal_password)
export POSTGRES_PWD
exec /etc/temporal/entrypoint.sh
