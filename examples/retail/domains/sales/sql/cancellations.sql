-- No header: the path is the target, the text gives the inputs, the feed is WRITE_TRUNCATE.
SELECT invoice_no, stock_code, quantity, unit_price_pence, customer_id, country, invoice_date
FROM sales.invoice_lines
WHERE is_cancellation
