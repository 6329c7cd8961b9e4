#!/usr/bin/env bash
# The official Inspector's command line, strict about schemas: inspector.sh NODE INSPECTOR BINARY URL
set -euo pipefail
node=$1 inspector=$2 binary=$3 url=$4
export HOME=$PWD
place=(-e SEXTANT_MODELS="$SEXTANT_MODELS" -e SEXTANT_DATA="$SEXTANT_DATA")

# inspect OUT ARGUMENT...: what the Inspector says besides its answer is shown when it fails.
inspect() {
  local out=$1
  shift
  "$node" "$inspector" --cli "$@" >"$out" 2>said.txt || { cat "$out" said.txt >&2; return 1; }
}

for target in "$url/mcp" "$binary serve --stdio"; do
  # shellcheck disable=SC2086 # the command and its arguments are words
  inspect tools.json $target "${place[@]}" --method tools/list --strict
  tail -n 1 said.txt
  # Strict fails on errors; a warning is one too many as well.
  ! grep -qi 'warning' said.txt || { cat said.txt >&2; exit 1; }
  "$node" -e 'const t = JSON.parse(require("fs").readFileSync("tools.json")).tools.map(t => t.name).sort().join();
    if (t !== "audit_performance,execute,fetch,get_metrics,search,submit_mcp_feedback") { console.error(t); process.exit(1) }'
  # shellcheck disable=SC2086
  inspect answer.json $target "${place[@]}" --method tools/call --tool-name get_metrics \
    --tool-arg 'metric_names=["net_sales"]' time_range=last_7_days as_of="$NOW"
  "$node" -e 'const r = JSON.parse(require("fs").readFileSync("answer.json"));
    if (r.isError || r.structuredContent.metrics[0].name !== "net_sales") { console.error(JSON.stringify(r)); process.exit(1) }'
  echo "$target ok"
done
