"""Salesforce clients that others wrote, run unmodified against the sandbox."""
