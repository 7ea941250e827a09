"""Bulk API 1.0, below `/services/async`: jobs, batches and their results, for older clients."""
