"""SOQL: grammar, syntax tree, and its translation to SQLite."""
