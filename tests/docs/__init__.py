"""The documentation says what the program does: tests that compare the two."""
