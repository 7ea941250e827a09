"""Contiguous districts of like population out of a given graph of units, with few cut edges."""
