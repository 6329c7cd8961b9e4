#!/usr/bin/env bash
# Throws generated requests at the open API of the built binary, as its OpenAPI document describes it:
#   schemathesis.sh BINARY [CASES]
# Right and wrong requests by turns; every answer must have a described status, content type and shape, nothing may
# end in a fault of the server, and what breaks the schema must be refused. Runs until CASES (default 2,000) are sent.
set -euo pipefail
binary=$(realpath "$1")
wanted=${2:-2000}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tools=${SEXTANT_CLIENTS_DIR:-${TMPDIR:-/tmp}/sextant-clients}
python=$tools/schemathesis/bin/python
[ -x "$python" ] || python3 -m venv "$tools/schemathesis"
"$python" -m pip install --quiet --disable-pip-version-check schemathesis==4.32.5

work=$(mktemp -d)
cd "$work"
export SEXTANT_MODELS=$root/semantic-models/commerce SEXTANT_DATA=$root/fixtures/commerce
export SEXTANT_STATE=$work/state.db
: >server.log
token=$("$binary" token create requests --scopes "metrics:read query:sql feedback:write" 2>/dev/null)
"$binary" serve --http 127.0.0.1:0 --token-rate 0 --organization-rate 0 2>server.log &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do
  url=$(sed -n 's/^listening on \(http[^ ]*\).*/\1/p' server.log)
  [ -n "$url" ] && break
  sleep 0.1
done
[ -n "${url:-}" ] || { cat server.log >&2; echo "the server did not start" >&2; exit 1; }

export PYTHONPATH=$here SCHEMATHESIS_HOOKS=schemathesis_checks
sent=0
seed=1
# A right shape may still hold names that no model has, so a refusal of it is no fault.
left_out=positive_data_acceptance,negative_data_rejection
# Requests of one seed. One worker: threads of CPython 3.11 that parse at the same time may end in "AST constructor
# recursion depth mismatch". Two seeds at a time use two cores.
requests() {
  "$(dirname "$python")/schemathesis" --no-color run "$url/api/v1/openapi.json" --workers 1 --seed "$1" \
    --header "Authorization: Bearer $token" \
    --max-examples "$2" --exclude-checks "$left_out" --continue-on-failure --no-shrink --warnings off \
    --suppress-health-check all --request-timeout 120 >"run.$1.log" 2>&1
}
while [ "$sent" -lt "$wanted" ]; do
  examples=$(((wanted - sent) / 100 + 1))
  [ "$examples" -le 100 ] || examples=100
  [ "$examples" -ge 10 ] || examples=10
  requests "$seed" "$examples" &
  first=$!
  requests $((seed + 1)) "$examples" &
  second=$!
  for run in "$seed:$first" "$((seed + 1)):$second"; do
    status=0
    wait "${run#*:}" || status=$?
    log=run.${run%%:*}.log
    count=$(sed -n 's/^ *\([0-9][0-9,]*\) generated.*/\1/p' "$log" | tr -d , | tail -1)
    [ "$status" -eq 0 ] && [ -n "$count" ] || { cat "$log" >&2; echo "seed ${run%%:*}: failures (status $status)" >&2; exit 1; }
    sent=$((sent + count))
    echo "seed ${run%%:*}: $count requests, no failure; $sent in all"
  done
  seed=$((seed + 2))
done
kill -0 "$server" || { echo "the server is gone" >&2; exit 1; }
echo "schemathesis: $sent requests, 0 failures"
