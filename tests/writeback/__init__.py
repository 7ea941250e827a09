"""Tests of the diff, approvals, apply and revert."""
