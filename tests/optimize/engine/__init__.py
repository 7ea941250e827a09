"""The engine of construction: balance, bound, polish, contiguity."""
