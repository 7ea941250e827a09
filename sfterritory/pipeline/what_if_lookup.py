"""Whom and what the words of a what-if mean: reps by any of their names, values of columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import Column, FlagColumn, Flags, NumberColumn, TextColumn
from sfterritory.model.ids import looks_like_id
from sfterritory.model.what_if import NUMBER, FieldValue
from sfterritory.settings.yaml_file import did_you_mean

_SHOWN = 6
_NUMBER = re.compile(NUMBER + r"\Z")


@dataclass(frozen=True, slots=True)
class Reps:
    """The rows of a roster by everything that people call a rep.

    Attributes:
        ids: User ids, in the order of the rows.
        names: Names as Salesforce shows them.
        usernames: By user id; a rep may have none.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    usernames: Mapping[str, str]

    def row(self, ref: str, problems: list[str], *, where: str) -> int | None:
        """Return the row of a rep; None, and a problem more, where it is nobody or not certain."""
        wanted = ref.strip().casefold()
        rows = [row for row, called in enumerate(self._calls) if wanted in called]
        if not rows and looks_like_id(ref):
            rows = [row for row, rep_id in enumerate(self.ids) if rep_id[:15] == ref[:15]]
        if len(rows) == 1:
            return rows[0]
        if rows:
            who = ", ".join(self.usernames.get(self.ids[row], self.ids[row]) for row in rows)
            problems.append(f"{where}: {ref!r} is several reps: {who}; name one by username")
        else:
            known = [*self.names, *self.usernames.values()]
            problems.append(f"{where}: nobody on the roster is {ref!r}{did_you_mean(ref, known)}")
        return None

    @property
    def _calls(self) -> list[set[str]]:
        return [
            {rep_id.casefold(), name.casefold(), self.usernames.get(rep_id, rep_id).casefold()}
            for rep_id, name in zip(self.ids, self.names, strict=True)
        ]


def matching(
    columns: Mapping[str, Column], asked: FieldValue, problems: list[str], *, where: str, whose: str
) -> Flags | None:
    """Return which rows hold a value; None, and a problem more, where no row does.

    Text is compared without regard to case and outer blanks.
    """
    column = columns.get(asked.field)
    if column is None:
        hint = did_you_mean(asked.field, sorted(columns))
        known = ", ".join(sorted(columns)) or "none"
        problems.append(f"{where}: {whose} have no {asked.field!r}, only {known}{hint}")
        return None
    found = _equal(column, asked.value)
    if not found.any():
        problems.append(
            f"{where}: no {asked.field} of {whose} is {asked.value!r}, "
            f"only {_some_values(column)}{did_you_mean(asked.value, _texts(column))}"
        )
        return None
    return found


def holding(columns: Mapping[str, Column], value: str) -> list[FieldValue]:
    """Return every column, by name, in which some row holds this value."""
    return [
        FieldValue(field=name, value=value)
        for name, column in sorted(columns.items())
        if _equal(column, value).any()
    ]


def _equal(column: Column, value: str) -> Flags:
    wanted = value.strip().casefold()
    if isinstance(column, TextColumn):
        codes = [c for c, text in enumerate(column.vocabulary) if text.strip().casefold() == wanted]
        return np.isin(column.codes, codes)
    found: Flags = np.zeros(len(column.values), dtype=np.bool_)
    if isinstance(column, FlagColumn):
        if wanted in ("true", "false"):
            found = column.values == (wanted == "true")
    elif isinstance(column, NumberColumn):
        if _NUMBER.match(wanted):
            found = column.values == float(wanted)
    else:
        found = np.datetime_as_string(column.values, unit="D") == wanted
    return found


def _texts(column: Column) -> list[str]:
    if isinstance(column, TextColumn):
        return [column.vocabulary[code] for code in np.unique(column.codes) if code >= 0]
    if isinstance(column, FlagColumn):
        return ["true", "false"]
    if isinstance(column, NumberColumn):
        known = column.values[~np.isnan(column.values)]
        return [f"{value:g}" for value in np.unique(known).tolist()]
    days = np.unique(np.datetime_as_string(column.values, unit="D"))
    return [str(day) for day in days if day != "NaT"]


def _some_values(column: Column) -> str:
    values = _texts(column)
    more = f" and {len(values) - _SHOWN:,} more" if len(values) > _SHOWN else ""
    return ", ".join(values[:_SHOWN]) + more if values else "missing everywhere"
