#!/usr/bin/env bash
# The shop: runtime and unit are there.
set -euo pipefail
node --version
systemctl is-enabled --quiet shop || { echo "the unit shop is not enabled"; exit 1; }
id shop >/dev/null
echo "runtime and unit are in place"
