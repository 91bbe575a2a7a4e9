#!/usr/bin/env bash
# docs/reference/ is what the program's tables say now. usage: reference.sh PROGRAM
set -euo pipefail
cd "$(dirname "$0")/../.."
failed=0
for page in docs/reference/*.md; do
	name=$(basename "$page" .md)
	if ! difference=$(diff -u "$page" <("$1" reference "$name")); then
		echo "$page is out of date; script/docs writes it anew:"
		echo "$difference" | head -40
		failed=1
	fi
done
exit "$failed"
