/* weir
feed: SCRIPT
*/. CREATE TABLE xcoS Sr }}; DO $$ x $$;