"""Construction against peers: instances, one checker, ratios."""
