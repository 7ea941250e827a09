"""Faults on request: what can go wrong with a real org, told to happen, by number or by dice."""
