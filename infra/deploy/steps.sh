#!/usr/bin/env bash
# `steps.sh check`, or `steps.sh test WORKERS=2 ARGS="-k routing"`: the checks, and for `test` the tests after them.
# A failure stops nothing: one run tells everything. The tests come last, so that their closing line is the last that is read.
set -uo pipefail
cd "$(dirname "$0")/../.."
what=${1:-check} WORKERS=2 ARGS=
for setting in "$@"; do [[ $setting == *=* ]] && declare "${setting%%=*}=${setting#*=}"; done
failed=()

step() {
    local what=$1 began=$SECONDS
    shift
    echo "→ $what …"
    if "$@" </dev/null; then echo "  $((SECONDS - began)) s"; else echo "✗ $what, $((SECONDS - began)) s"; failed+=("$what"); fi
}

step "style"     .venv/bin/ruff check --quiet .
step "format"    .venv/bin/ruff format --check --quiet .
step "types"     .venv/bin/mypy
step "arrows"    .venv/bin/lint-imports --no-logo
if [[ $what == test ]]; then
    # shellcheck disable=SC2086  # ARGS is a list of words
    .venv/bin/python -m pytest -n "$WORKERS" $ARGS </dev/null || failed+=("tests")
fi

[[ ${#failed[@]} == 0 ]] || { echo "✗ not clean: ${failed[*]}" >&2; exit 1; }
