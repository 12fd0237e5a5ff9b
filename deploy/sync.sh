#!/usr/bin/env bash
# One sync without Meltano: `tap | target`, settings from the environment, state in a file.
# The new state replaces the old one only when it is whole. Exit code: the tap's if it failed,
# else the target's.
set -uo pipefail

state=${STATE_FILE:-/data/state.json}
catalog=${CATALOG_FILE:-}
options=()
[ -s "$state" ] && options+=(--state "$state")
[ -n "$catalog" ] && options+=(--catalog "$catalog")

# A signal goes to both programs, which end in their own time: the state is kept after that.
trap : TERM INT

tap-salesforce-chat --config=ENV "${options[@]}" | target-creovai --config=ENV >"$state.lines"
codes=("${PIPESTATUS[@]}")

# The last whole line: what a killed target has begun to write is not one.
if grep -a '}$' "$state.lines" | tail -n 1 >"$state.new" && [ -s "$state.new" ]; then
  mv "$state.new" "$state"
fi
rm -f "$state.lines" "$state.new"

# What Prometheus' node_exporter reads of the store; a sync does not fail by it.
[ -z "${METRICS_FILE:-}" ] ||
  target-creovai status --config=ENV --format prometheus --output "$METRICS_FILE"

[ "${codes[0]}" -eq 0 ] || exit "${codes[0]}"
exit "${codes[1]}"
