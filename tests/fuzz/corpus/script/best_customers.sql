/* weir
feed: VIEW
*/
SELECT customer_id, orders, amount_pence
FROM customers.spending
WHERE segment = 'large'
