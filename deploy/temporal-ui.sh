#!/bin/sh
# The UI reads its client's secret from the environment only: it gets there from the file, and into no inspection.
set -eu
TEMPORAL_AUTH_CLIENT_SECRET=$(cat /run/secrets/temporal_ui_client_secret)
export TEMPORAL_AUTH_CLIENT_SECRET
exec ./start-ui-server.sh
