/* weir
checks:
  - not_null: [invoice_no, customer_id]
  - unique: [invoice_no]
  - relationships: {column: customer_id, to: customers.customers.customer_id}
*/
SELECT
	lines.invoice_no,
	lines.customer_id,
	customers.country,
	MIN(lines.invoice_date) AS order_date,
	COUNT(*) AS lines,
	SUM(lines.amount_pence) AS amount_pence
FROM sales.sold_lines AS lines
JOIN customers.customers AS customers ON customers.customer_id = lines.customer_id
WHERE NOT lines.is_cancellation
GROUP BY lines.invoice_no, lines.customer_id, customers.country
