"""Capacitated p-median: choose medians, give every customer to one, keep capacities."""
