/* weir
checks:
  - unique: [customer_id]
  - accepted_values: {column: segment, values: [large, regular, small]}
*/
SELECT
	customer_id,
	COUNT(*) AS orders,
	SUM(ae: [customer_id]
  - accepted_values: {column: segment, values: [large, regular, small]}
*LECT
	customer_id,
	COUNT(*) AS orders,
	SUM(amount_pence) AS amount_pence,
	CASE
		WHEN SUM(amount_pence) >= 100000 THENmount_pence) AS amount_pence,
	CASE
		WHEN SUM(amount_pence) >= 100000 THEN 'large'
		WHEN SUM(amount_pence) >= 20000 THEN 'regular'
		ELSE 'sE 'small'
	END AS segment
FROM customers.orders
GROUP BY customer_id
