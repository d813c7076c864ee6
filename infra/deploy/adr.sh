#!/usr/bin/env bash
# Opens the next numbered record in docs/adr/ from its template, and adds it to the index.
set -euo pipefail
cd "$(dirname "$0")/../../docs/adr"
title=${1:-}
[[ -n $title ]] || { echo 'Say what was decided: make adr TITLE="Text ids"' >&2; exit 2; }
last=$(find . -maxdepth 1 -name '[0-9]*.md' -printf '%f\n' | sort | tail -n 1 | cut -c1-4)
number=$(printf '%04d' $((10#${last:-0} + 1)))
slug=$(tr '[:upper:]' '[:lower:]' <<<"$title" | sed -E 's/[^a-z0-9]+/-/g; s/^-|-$//g')
file=$number-$slug.md
{ echo "# $number. $title"; echo; echo "$(date +%Y-%m-%d) · accepted"; tail -n +4 template.md; } >"$file"
echo "| [$number]($file) | $title |" >>README.md
echo "docs/adr/$file"
