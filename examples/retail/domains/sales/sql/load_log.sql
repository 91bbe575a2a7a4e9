/* weir
feed: WRITE_APPEND
description: One row per load, what came and what was odd about it
checks:
  - not_null: [invoice_date, lines]
  - expression: "lines >= duplicate_lines"
*/
SELECT
	date(MIN(InvoiceDate)) AS invoice_date,
	COUNT(*) AS lines,
	COUNT(*) - (SELECT COUNT(*) FROM (SELECT DISTINCT * FROM sales.landing)) AS duplicate_lines,
	SUM(InvoiceNo LIKE 'C%') AS cancelled_lines,
	SUM(CustomerID IS NULL) AS lines_without_customer,
	SUM(UnitPrice = 0) AS lines_without_price
FROM sales.landing
