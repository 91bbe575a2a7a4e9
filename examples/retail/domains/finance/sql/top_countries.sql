/* weir
feed: VIEW
*/
SELECT country, net_pence
FROM finance.revenue_by_country
WHERE country <> 'United Kingdom'
ORDER BY net_pence DESC
LIMIT 5
