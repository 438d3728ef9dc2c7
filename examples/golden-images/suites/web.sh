#!/usr/bin/env bash
# Web hosts: nginx answers its health check.
set -euo pipefail
code=$(curl --silent --output /dev/null --write-out '%{http_code}' http://127.0.0.1/healthz)
test "$code" = 204 || { echo "the health check answered $code"; exit 1; }
echo "nginx answers its health check"
