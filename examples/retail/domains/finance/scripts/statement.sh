#!/bin/sh
# Writes one country's statement. weir hands the last line on as an output of the task.
set -eu
sign=
pence=$NET_PENCE
if [ "$pence" -lt 0 ]; then
	sign=-
	pence=$((-pence))
fi
amount=$(printf '%s%d.%02d' "$sign" $((pence / 100)) $((pence % 100)))
echo "$COUNTRY: $INVOICES invoices, $amount GBP"
echo "::{\"outputs\":{\"amount\":\"$amount\"}}::"
