/* weir
checks:
  - not_null: [stock_code]
  - unique: [stock_code]
*/
SELECT
	stock_code,
	MAX(description) AS description,
	SUM(quantity) AS units,
	COUNT(DISTINCT invoice_no) AS invoices,
	stock_code GLOB '[0-9]*' AS is_article -- POST, M, D, DOT, C2 … are postage, manual entries, discounts
FROM sales.invoice_lines
GROUP BY stock_code
