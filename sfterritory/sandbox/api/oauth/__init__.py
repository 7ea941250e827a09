"""Signing in: the OAuth endpoints, and the SOAP login that answers as orgs of today do."""
