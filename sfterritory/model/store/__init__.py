"""The local store on SQLite or PostgreSQL."""
