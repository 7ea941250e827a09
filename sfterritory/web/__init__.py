"""The same answers for a browser."""
