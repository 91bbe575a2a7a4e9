/* weir
feed: SCRIPT
*/ CREATE TABLE x AS SELECT {{ vars.x | identifier }}; DO $$ x $$;