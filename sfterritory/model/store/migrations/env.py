# ruff: noqa: INP001 - alembic runs this file by its path
"""Run the migrations in the transaction that the caller opened."""

from __future__ import annotations

from alembic import context

from sfterritory.model.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
