#!/usr/bin/env bash
# Signing in at an OpenID provider that others wrote: oidc.sh BINARY PLAIN-BINARY
# BINARY is built with the feature `oidc`, PLAIN-BINARY without. What is needed is installed where run.sh installs it.
set -euo pipefail
binary=$(realpath "$1")
plain=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tools=${SEXTANT_CLIENTS_DIR:-${TMPDIR:-/tmp}/sextant-clients}
mkdir -p "$tools"
cp "$here/package.json" "$tools/package.json"
[ -x "$tools/node_modules/.bin/node" ] && [ -d "$tools/node_modules/oidc-provider" ] ||
  (cd "$tools" && npm install --no-audit --no-fund --loglevel=error)
# Beside what it imports.
cp "$here/oidc_provider.mjs" "$tools/oidc_provider.mjs"
export SEXTANT_MODELS=$root/semantic-models/commerce
export SEXTANT_DATA=$root/fixtures/commerce
exec python3 "$here/oidc.py" "$binary" "$plain" "$tools/node_modules/.bin/node" "$tools/oidc_provider.mjs"
