#!/usr/bin/env bash
# Every image: it came up whole and its agents run.
set -euo pipefail
state=$(systemctl is-system-running --wait || true)
if [ "$state" != running ]; then
  echo "The system is ${state}; failed units:"
  systemctl --failed --no-legend
  exit 1
fi
for unit in amazon-ssm-agent chronyd; do
  systemctl is-active --quiet "$unit" || { echo "$unit does not run"; exit 1; }
done
test -z "$(find /home /root -name authorized_keys -size +0 -print)" || { echo "an SSH key was left in the image"; exit 1; }
echo "booted; agents run; no keys left behind"
