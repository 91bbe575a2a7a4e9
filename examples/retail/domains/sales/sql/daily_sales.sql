/* weir
checks:
  - not_null: [invoice_date, country, net_pence]
  - unique: [invoice_date, country]
  - expression: "gross_pence >= net_pence"
*/
SELECT
	invoice_date,
	country,
	COUNT(DISTINCT CASE WHEN NOT is_cancellation THEN invoice_no END) AS invoices,
	SUM(CASE WHEN amount_pence > 0 THEN amount_pence ELSE 0 END) AS gross_pence,
	SUM(amount_pence) AS net_pence
FROM sales.sold_lines
GROUP BY invoice_date, country
