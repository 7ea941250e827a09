"""Rules that answer who should own a record next."""
