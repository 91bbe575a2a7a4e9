/* weir
feed: WRITE_APPEND
description: The ledger of closings; a line once written never changes
checks:
  - not_null: [closed_on, net_pence]
  - accepted_range: {column: net_pence, min: 0}
*/
SELECT
	MAX(invoice_date) AS closed_on,
	SUM(net_pence) AS net_pence,
	COUNT(DISTINCT country) AS countries
FROM sales.daily_sales
