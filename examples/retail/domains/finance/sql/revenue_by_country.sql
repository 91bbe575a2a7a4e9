/* weir
checks:
  - unique: [country]
  - not_null: [country, net_pence]
  - sql: "SELECT country FROM {{ this }} GROUP BY country HAVING SUM(net_pence) > SUM(gross_pence)"
*/
SELECT country, SUM(invoices) AS invoices, SUM(gross_pence) AS gross_pence, SUM(net_pence) AS net_pence
FROM sales.daily_sales
GROUP BY country
