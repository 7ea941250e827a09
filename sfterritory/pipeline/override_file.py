"""Overrides out of a file that somebody prepared, or that `override export` wrote."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sfterritory.connectors.table_file import read_table
from sfterritory.errors import ConfigError
from sfterritory.model.store.store import Store
from sfterritory.pipeline.override_request import AddedOverrides, OverrideRequest, add_overrides
from sfterritory.settings.project import Settings

COLUMNS = ("account", "rep", "reason", "until")
_MARK = "'"  # what an export puts before text that a spreadsheet would take for a formula


def import_overrides(
    settings: Settings, store: Store, path: Path, *, by: str, now: datetime
) -> AddedOverrides:
    """Keep every override of a CSV or XLSX file, or none.

    Raises:
        ConfigError: The file cannot be read, lacks a column, or holds mistakes; each is named with
            its line.
    """
    table = read_table(path, name=path.name)
    headings = [one.strip().casefold() for one in table.headings]
    missing = [name for name in COLUMNS if name not in headings]
    if missing:
        raise ConfigError(
            f"{path.name} has no column {', '.join(missing)}; it has {', '.join(table.headings)}",
            remedy=f"give it the headings {','.join(COLUMNS)}; others are not read",
        )
    at = {name: headings.index(name) for name in COLUMNS}
    requests = [
        OverrideRequest(
            **{name: row.cells[at[name]].removeprefix(_MARK) for name in COLUMNS}, line=row.line
        )
        for row in table.rows
    ]
    if not requests:
        raise ConfigError(f"{path.name} has no row below its headings", remedy="add some")
    try:
        return add_overrides(settings, store, requests, by=by, now=now)
    except ConfigError as error:
        lines = (f"{path.name}: {line}" for line in error.problem.splitlines())
        raise ConfigError("\n".join(lines), remedy=error.remedy) from error
