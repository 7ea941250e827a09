"""Reports on geography: what lies between accounts, homes and territories."""
