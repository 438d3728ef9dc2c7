#!/usr/bin/env bash
# The hardened image and what is built on it: SSH and audit are as we decided.
set -euo pipefail
settings=$(sshd -T)
for want in 'permitrootlogin no' 'passwordauthentication no' 'x11forwarding no'; do
  grep -qx "$want" <<<"$settings" || { echo "sshd: expected '$want'"; exit 1; }
done
systemctl is-active --quiet auditd || { echo "auditd does not run"; exit 1; }
auditctl -l | grep -q root-commands || { echo "the audit rules are not loaded"; exit 1; }
echo "sshd and auditd are as they should be"
