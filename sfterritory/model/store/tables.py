"""All tables together: the schema that migrations have to build."""

from __future__ import annotations

from sqlalchemy import MetaData, Table
from sqlmodel import SQLModel

from sfterritory.model.store import (
    journal_table,
    mirror_table,
    override_table,
    result_table,
    scenario_table,
)

_MODULES = (mirror_table, result_table, journal_table, override_table, scenario_table)

METADATA: MetaData = SQLModel.metadata


def table_of(model: type[SQLModel]) -> Table:
    """Return the table of a SQLModel class, which its type does not name."""
    return METADATA.tables[str(model.__tablename__)]
