#!/usr/bin/env bash
# The official Inspector's command line, strict about schemas: inspector.sh NODE INSPECTOR BINARY URL
set -euo pipefail
node=$1 inspector=$2 binary=$3 url=$4
export HOME=$PWD
inspect() { "$node" "$inspector" --cli "$@"; }

for target in "$url/mcp" "$binary serve --stdio"; do
  # shellcheck disable=SC2086 # the command and its arguments are words
  inspect $target -e SEXTANT_MODELS="$SEXTANT_MODELS" -e SEXTANT_DATA="$SEXTANT_DATA" \
    --method tools/list --strict >tools.json
  "$node" -e 'const t = JSON.parse(require("fs").readFileSync("tools.json")).tools.map(t => t.name).sort().join();
    if (t !== "audit_performance,get_metrics,search") { console.error(t); process.exit(1) }'
  # shellcheck disable=SC2086
  inspect $target -e SEXTANT_MODELS="$SEXTANT_MODELS" -e SEXTANT_DATA="$SEXTANT_DATA" \
    --method tools/call --tool-name get_metrics \
    --tool-arg 'metric_names=["net_sales"]' time_range=last_7_days as_of="$NOW" >answer.json
  "$node" -e 'const r = JSON.parse(require("fs").readFileSync("answer.json"));
    if (r.isError || r.structuredContent.metrics[0].name !== "net_sales") { console.error(JSON.stringify(r)); process.exit(1) }'
  echo "$target ok"
done
