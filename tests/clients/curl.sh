#!/usr/bin/env bash
# The open API and the MCP endpoint with nothing but curl: curl.sh BINARY URL
set -euo pipefail
binary=$1 url=$2
question='{"metric_names":["net_sales","blended_roas"],"time_range":"last_7_days","as_of":"'$NOW'","max_bytes":1000000}'
say() { echo "$*" >&2; exit 1; }
post() { curl --silent --show-error --fail-with-body --json "$2" "$url$1"; }
status() { curl --silent --output /dev/null --write-out '%{http_code}' "$@"; }

expected=$("$binary" call get_metrics "$question")
[ "$(post /mcp/tool/get_metrics "$question")" = "$expected" ] || say "/mcp/tool/get_metrics differs from the command line"
payload='{"method":"call_tool","params":{"name":"get_metrics","arguments":'$question'}}'
[ "$(post /api/v1/call "$payload")" = "$expected" ] || say "/api/v1/call differs from the command line"
message='{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_metrics","arguments":'$question'}}'
post /mcp "$message" | grep -qF "\"structuredContent\":$expected" || say "/mcp differs from the command line"

[ "$(status "$url/healthz")" = 200 ] || say "healthz"
[ "$(status "$url/readyz")" = 200 ] || say "readyz"
[ "$(status "$url/mcp")" = 405 ] || say "GET /mcp"
[ "$(status "$url/nowhere")" = 404 ] || say "an unknown path"
[ "$(status --json '{"metric_names":["net_sale"]}' "$url/mcp/tool/get_metrics")" = 400 ] || say "an unknown metric"
[ "$(status --data '{}' "$url/api/v1/call")" = 415 ] || say "a form"
[ "$(status -H 'Host: evil.example' "$url/healthz")" = 403 ] || say "a foreign host"
[ "$(status -H 'Origin: http://evil.example' --json '{}' "$url/mcp")" = 403 ] || say "a foreign origin"
echo ok
