#!/usr/bin/env bash
# Container hosts: the daemon answers and keeps its data on the second volume.
set -euo pipefail
systemctl is-active --quiet docker || { echo "docker does not run"; exit 1; }
root=$(docker info --format '{{ .DockerRootDir }}')
test "$root" = /var/lib/docker-data || { echo "docker keeps its data in $root"; exit 1; }
echo "docker answers; data in $root"
