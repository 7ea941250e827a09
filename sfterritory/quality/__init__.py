"""Normalise what people typed."""
