"""Workload, construction, flow and figures."""
