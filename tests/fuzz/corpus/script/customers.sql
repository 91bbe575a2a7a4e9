/* weir
feed: MODE_DELTA
key: [customer_id]
description: Every customer seen so far
checks:
  - not_null: [customer_id, country]
  - unique: [customer_id]
  - accepted_values: {column: country, values: [Australia, Austria, Belgium, Channel Islands, Cyprus, Denmark, EIRE,
      Finland, France, Germany, Iceland, Israel, Italy, Japan, Lithuania, Netherlands, Norway, Poland, Portugal, Spain,
      Sweden, Switzerland, United Kingdom]}
*/
SELECT
	customer_id,
	MAX(country) AS country,
	MIN(invoice_date) AS first_seen,
	MAX(invoice_date) AS last_seen
FROM sales.invoice_lines
WHERE customer_id IS NOT NULL
GROUP BY customer_id
