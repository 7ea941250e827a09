"""Construction: what territories are built from, put together from settings and the store."""
