/* weir
description: Postage, discounts, bank charges and manual entries by day
checks:
  - not_null: [invoice_date, stock_code]
*/
SELECT invoice_date, stock_code, COUNT(*) AS lines, SUM(amount_pence) AS amount_pence
FROM sales.sold_lines
WHERE stock_code IN (SELECT stock_code FROM sales.products WHERE NOT is_article)
GROUP BY invoice_date, stock_code
