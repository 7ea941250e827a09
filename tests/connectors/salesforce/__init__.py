"""Tests of the Salesforce connector: a fault server, the sandbox, and cassettes."""
