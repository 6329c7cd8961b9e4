#!/usr/bin/env bash
# Drives the built binary, as a process, with clients that others wrote: run.sh BINARY CONFORMANCE-FIXTURE
# The clients are installed once below $SEXTANT_CLIENTS_DIR (default: a directory below the system's
# temporary one). Nothing is skipped: what cannot be installed or started fails the run.
set -euo pipefail
binary=$(realpath "$1")
fixture=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tools=${SEXTANT_CLIENTS_DIR:-${TMPDIR:-/tmp}/sextant-clients}
mkdir -p "$tools"

python=$tools/venv/bin/python
[ -x "$python" ] || python3 -m venv "$tools/venv"
"$python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"

cp "$here/package.json" "$tools/package.json"
[ -x "$tools/node_modules/.bin/node" ] && [ -x "$tools/node_modules/.bin/mcp-inspector" ] &&
  [ -x "$tools/node_modules/.bin/conformance" ] && [ -d "$tools/node_modules/playwright-core" ] &&
  [ -d "$tools/node_modules/oidc-provider" ] ||
  (cd "$tools" && npm install --no-audit --no-fund --loglevel=error)
if [ -z "${CHROMIUM:-}" ] && [ ! -x /usr/bin/chromium ]; then
  as_root=$([ "$(id -u)" = 0 ] || echo sudo)
  $as_root apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
fi
node=$tools/node_modules/.bin/node
inspector=$tools/node_modules/.bin/mcp-inspector
conformance=$tools/node_modules/.bin/conformance

export SEXTANT_MODELS=$root/semantic-models/commerce
export SEXTANT_DATA=$root/fixtures/commerce
export NOW=2026-11-20T09:00:00-05:00
work=$(mktemp -d)
cd "$work"
export SEXTANT_STATE=$work/state.db

: >"$work/server.log"
"$binary" serve --http 127.0.0.1:0 --auth none 2>"$work/server.log" &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do
  url=$(sed -n 's/^listening on \(http[^ ]*\).*/\1/p' "$work/server.log")
  [ -n "$url" ] && break
  sleep 0.1
done
[ -n "${url:-}" ] || { cat "$work/server.log" >&2; echo "the server did not start" >&2; exit 1; }

echo "== the Python client"
"$python" "$here/python_client.py" "$binary" "$url"
echo "== the Python client through the npm package, carried to the server"
printf '#!/usr/bin/env bash\n[ "$1 $2" = "serve --stdio" ] || exec "%s" "$@"\nSEXTANT_URL=%s exec "%s" "%s"\n' \
  "$binary" "$url" "$node" "$root/packages/npm/bin/mcp-server.js" >"$work/carried"
chmod +x "$work/carried"
"$python" "$here/python_client.py" "$work/carried" "$url"
echo "== curl"
bash "$here/curl.sh" "$binary" "$url"
echo "== the Inspector"
bash "$here/inspector.sh" "$node" "$inspector" "$binary" "$url"
echo "== the conformance suite"
bash "$here/conformance.sh" "$node" "$conformance" "$fixture" "$url"
echo "== OAuth: the Python client, rmcp's, and the conformance suite"
"$python" "$here/oauth.py" "$binary" "$(dirname "$fixture")/oauth_client" "$node" "$conformance"
echo "== the pages in a browser"
cp "$root/tests/browser/developers.mjs" "$tools/developers.mjs"
"$node" "$tools/developers.mjs" "$binary" "$root/target/screenshots"
echo "all clients agree"
