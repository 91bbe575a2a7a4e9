/* weir
feed: MODE_DELTA
key: [invoice_no, stock_code, quantity, unit_price_pence]
description: The invoice lines of all days loaded so far; loading a day again changes nothing
checks:
  - not_null: [invoice_no, stock_code, quantity, invoiced_at, country]
  - unique: [invoice_no, stock_code, quantity, unit_price_pence]
  - row_count: {min: 1}
  - accepted_range: {column: copies, min: 1}
  - expression: "customer_id IS NULL OR customer_id BETWEEN 10000 AND 99999"
  - expression: "NOT is_cancellation OR quantity < 0"
*/
SELECT
	InvoiceNo AS invoice_no,
	StockCode AS stock_code,
	Quantity AS quantity,
	CAST(ROUND(UnitPrice * 100) AS INTEGER) AS unit_price_pence,
	MAX(Description) AS description,
	MIN(InvoiceDate) AS invoiced_at,
	date(MIN(InvoiceDate)) AS invoice_date,
	CAST(MAX(CustomerID) AS INTEGER) AS customer_id, -- the shops write 17850.0
	MAX(Country) AS country,
	InvoiceNo LIKE 'C%' AS is_cancellation,
	COUNT(*) AS copies -- exact duplicates are real: a till that sends twice
FROM sales.landing
GROUP BY InvoiceNo, StockCode, Quantity, UnitPrice
