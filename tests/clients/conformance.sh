#!/usr/bin/env bash
# The official conformance suite: conformance.sh NODE CONFORMANCE FIXTURE URL
# The fixture is the server's transport around the tools that the suite calls by name; URL is the real server,
# which answers every scenario that needs no fixture.
set -euo pipefail
node=$1 suite=$2 fixture=$3 url=$4
here=$(cd "$(dirname "$0")" && pwd)

"$fixture" 2>fixture.log &
running=$!
trap 'kill "$running" 2>/dev/null || true' EXIT
for _ in $(seq 100); do
  at=$(sed -n 's/^listening on \(http[^ ]*\).*/\1/p' fixture.log)
  [ -n "$at" ] && break
  sleep 0.1
done
[ -n "${at:-}" ] || { cat fixture.log >&2; echo "the fixture did not start" >&2; exit 1; }

fail() { cat report.txt >&2; echo "conformance: $*" >&2; exit 1; }
suite() { "$node" "$suite" server "$@" >report.txt 2>&1; }

# Every scenario that the newest revision requires; the suite runs others beside them and scores those that count.
suite --url "$at/mcp" --requirements 2026-07-28 || fail "the fixture does not conform to 2026-07-28"
echo "2026-07-28: 0 failures, $(grep -c '^✓' report.txt) scenarios pass"

# The scenarios that fail are exactly the listed ones: neither another, nor fewer. (The suite's own comparison
# also counts a warning as a failure, and warns of every server without sessions.)
suite --url "$at/mcp" --requirements 2025-11-25 || true
grep -q '^Total:' report.txt || fail "the suite did not finish"
failing=$(sed -n 's/^✗ \([^:]*\):.*/\1/p' report.txt | sort)
expected=$(sed -n 's/^  - //p' "$here/expected-failures.yml" | sort)
[ "$failing" = "$expected" ] || fail "2025-11-25: fails $failing; expected-failures.yml lists $expected"
echo "2025-11-25: $(grep -c '^✓' report.txt) scenarios pass, $(echo "$failing" | wc -l) fail as listed"

passed=0
# scenario REVISION NAME, against the real server.
scenario() {
  suite --url "$url/mcp" --spec-version "$1" --scenario "$2" || fail "the server fails $2 of $1"
  passed=$((passed + 1))
}
for name in server-initialize ping tools-list resources-list prompts-list dns-rebinding-protection; do
  scenario 2025-11-25 "$name"
done
for name in tools-list resources-list prompts-list caching dns-rebinding-protection sep-2164-resource-not-found \
  server-sse-multiple-streams input-required-result-unsupported-methods http-header-validation; do
  scenario 2026-07-28 "$name"
done
echo "the server itself: $passed scenarios pass"
