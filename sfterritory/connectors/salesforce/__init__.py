"""Salesforce: sign-in, reading, writing, and the one place where its errors become ours."""
