"""The command line: one file a command; text, JSON and exit codes are made here."""
