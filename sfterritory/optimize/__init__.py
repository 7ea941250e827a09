"""Workload, territories and assignment."""
