"""Terraform for Salesforce territory ownership."""

__version__ = "0.1.0"
