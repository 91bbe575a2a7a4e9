/* weir
feed: VIEW
description: What was sold or taken back, without stock corrections
*/
SELECT *, quantity * unit_price_pence AS amount_pence
FROM sales.invoice_lines
WHERE unit_price_pence <> 0
