-- weir
-- feed: VIEW
SELECT 1