"""Pouring CSV files into an org: users, accounts, leads. No row is lost without its cause."""

from __future__ import annotations

import itertools
import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.clock import stored
from sfterritory.sandbox.deal import DealWay, deal_owners
from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.ids import normalised, numbered
from sfterritory.sandbox.load_columns import KINDS, OWNER, ColumnPlan, plan_columns
from sfterritory.sandbox.load_csv import csv_rows
from sfterritory.sandbox.load_users import UserFiller
from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.objects.history import HISTORIES
from sfterritory.sandbox.refusal import RefusedError
from sfterritory.sandbox.seed_people import REP_TITLE
from sfterritory.sandbox.state import SandboxState, insert_rows, read_meta
from sfterritory.sandbox.values import full_name, stored_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sfterritory.sandbox.schema import FieldDef, ObjectDef

NO_LAST_NAME = "[not provided]"  # what the platform's own lead forms write
_REPLACED = (
    "Account",
    "Lead",
    "Contact",
    "Opportunity",
    "Case",
    "Task",
    "Event",
    "AccountTeamMember",
    "OpportunityTeamMember",
    "ObjectTerritory2Association",
    "Territory2ObjectExclusion",
)
_BOOLEANS = {"1": "true", "yes": "true", "y": "true", "0": "false", "no": "false", "n": "false"}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reject:
    """What of a file was not loaded, and why.

    Attributes:
        field: The one value that was left out; None where the whole row was.
    """

    kind: str
    line: int
    field: str | None
    cause: str


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did.

    Attributes:
        loaded: Records by kind (`users`, `accounts`, `leads`).
        dealt: Records by kind that had no owner column and were dealt one.
        columns: By kind: field to the headings that fill it.
        unused: By kind: headings that fill nothing.
    """

    loaded: dict[str, int] = field(default_factory=dict)
    dealt: dict[str, int] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    unused: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)


def load_files(
    state: SandboxState,
    files: Mapping[str, Path],
    *,
    mapping: Mapping[str, Mapping[str, str]],
    deal: DealWay = "blocks",
    seed: int = 7,
    replace: bool = False,
) -> LoadReport:
    """Load files in one transaction: users first, so that they can own the rest.

    Args:
        state: The org.
        files: Path by kind (`users`, `accounts`, `leads`); `.csv` or `.csv.gz`, UTF-8.
        mapping: By kind: field to heading, or to headings joined by `|`.
        deal: How records without an owner get one.
        seed: Of the dealing.
        replace: Empty accounts, leads and all below them first; with users, set the present
            reps inactive.

    Raises:
        SandboxError: A file cannot be read, or the mapping names what is not there.
    """
    plans = _plans(files, mapping)
    report = LoadReport()
    with state.writing() as connection:
        if replace:
            _empty(connection, reps_too="users" in files)
        loader = _Loader(connection, stamp=stored(state.now()), report=report)
        for kind in KINDS:
            if kind in files:
                loader.load(kind, files[kind], plans[kind])
        owners = loader.new_users or _standard_users(connection)
        for kind in ("accounts", "leads"):
            if kind in files:
                _check_owners(owners)
                report.dealt[kind] = deal_owners(
                    connection, KINDS[kind], owners, way=deal, seed=seed
                )
    return report


def _plans(
    files: Mapping[str, Path], mapping: Mapping[str, Mapping[str, str]]
) -> dict[str, ColumnPlan]:
    problems = [
        f"--map {kind}.…: no such kind of record, only {', '.join(KINDS)}"
        for kind in sorted(set(mapping) - set(KINDS))
    ]
    plans = {}
    for kind, path in files.items():
        with csv_rows(path) as rows:
            headings = next(rows, None)
        if not headings or not any(one.strip() for one in headings):
            problems.append(f"{path}: the file is empty, it has no headings")
            continue
        plans[kind], mistakes = plan_columns(kind, headings, mapping.get(kind, {}))
        problems += mistakes
    if problems:
        raise SandboxError(
            "\n".join(problems), remedy="correct the mapping: --map accounts.Name=heading"
        )
    return plans


def _empty(connection: sqlite3.Connection, *, reps_too: bool) -> None:
    for name in (*_REPLACED, *(one.name for one in HISTORIES)):
        connection.execute(f'DELETE FROM "{name}"')  # noqa: S608 - names of our own schema
    if reps_too:
        connection.execute('UPDATE "User" SET IsActive = 0 WHERE Title = ?', (REP_TITLE,))


def _standard_users(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute(
        "SELECT Id FROM \"User\" WHERE IsActive AND UserType = 'Standard' "
        "ORDER BY Title IS NOT ?, Id",
        (REP_TITLE,),
    ).fetchall()
    reps = connection.execute(
        'SELECT Id FROM "User" WHERE IsActive AND Title = ? ORDER BY Id', (REP_TITLE,)
    ).fetchall()
    return [row[0] for row in reps or found]


def _check_owners(owners: list[str]) -> None:
    if not owners:
        raise SandboxError(
            "no active user can own the records", remedy="load users too: --users FILE"
        )


class _Loader:
    """Loads file after file in one transaction."""

    def __init__(self, connection: sqlite3.Connection, *, stamp: str, report: LoadReport) -> None:
        self._connection = connection
        self._report = report
        author = read_meta(connection, "run_as_user_id")
        self._stamps = {
            "CreatedDate": stamp,
            "CreatedById": author,
            "LastModifiedDate": stamp,
            "LastModifiedById": author,
            "SystemModstamp": stamp,
        }
        self.new_users: list[str] = []
        self._owners: dict[str, str | None] = {}

    def load(self, kind: str, path: Path, plan: ColumnPlan) -> None:
        described = EVERYTHING.objects[KINDS[kind]]
        self._report.unused[kind] = plan.unused
        if kind != "users":
            self._owners = self._owner_names()
        with csv_rows(path) as rows:
            headings = next(rows)
            self._report.columns[kind] = {
                name: "|".join(headings[place] for place in places)
                for name, places in plan.sources.items()
            }
            completed = UserFiller(self._connection) if kind == "users" else None
            good = self._good_rows(kind, described, plan, rows, users=completed)
            names = [one.name for one in described.columns]
            loaded = insert_rows(
                self._connection, described, names, self._numbered(described, names, good)
            )
        self._report.loaded[kind] = max(loaded, 0)

    def _good_rows(
        self,
        kind: str,
        described: ObjectDef,
        plan: ColumnPlan,
        rows: Iterable[Sequence[str]],
        *,
        users: UserFiller | None,
    ) -> Iterator[Row]:
        """Yield the rows that can be loaded, and report the others."""
        fields = [
            (None if name == OWNER else described.by_lower_name[name.lower()], places)
            for name, places in plan.sources.items()
        ]
        for line, cells in enumerate(rows, start=2):
            if not cells:
                continue  # a blank line holds no record
            try:
                row = self._row(kind, line, fields, cells)
                if users is not None:
                    users.complete(row)
                elif described.name == "Lead":
                    row["LastName"] = row.get("LastName") or NO_LAST_NAME
                    row["Name"] = full_name(row.get("FirstName"), row["LastName"])
                _check_complete(described, row)
                self._check_id(described, row)
            except RefusedError as error:
                cause = f"{error.code}: {error.message}"
                self._report.rejects.append(Reject(kind, line, None, cause))
                continue
            yield row

    def _row(
        self,
        kind: str,
        line: int,
        fields: list[tuple[FieldDef | None, tuple[int, ...]]],
        cells: Sequence[str],
    ) -> Row:
        """Return the row's values; one that does not fit its field is reported and left out."""
        row: Row = {}
        for one, places in fields:
            text = _first_filled(cells, places)
            if text is None:
                continue
            if one is None:
                row["OwnerId"] = self._owner_id(text)
                continue
            if one.type == "boolean":
                text = _BOOLEANS.get(text.lower(), text)
            try:
                row[one.name] = stored_value(one, text)
            except RefusedError as error:
                if one.type == "id":
                    raise
                cause = f"{error.code}: {text[:80]!r} does not fit {one.type}"
                self._report.rejects.append(Reject(kind, line, one.name, cause))
        return row

    def _check_id(self, described: ObjectDef, row: Row) -> None:
        record_id = row.get("Id")
        if record_id is None:
            return
        if EVERYTHING.of_id(record_id) is not described:
            raise RefusedError("MALFORMED_ID", f"{record_id} is no id of {described.name}")
        # The rows above are in the table already: it is asked, instead of a set in memory.
        sql = f'SELECT 1 FROM "{described.name}" WHERE Id = ?'  # noqa: S608 - names of our own schema
        if self._connection.execute(sql, (record_id,)).fetchone():
            raise RefusedError("DUPLICATE_VALUE", f"{record_id} is there already")

    def _numbered(
        self, described: ObjectDef, names: list[str], rows: Iterable[Row]
    ) -> Iterator[list[Any]]:
        """Yield rows as the table takes them; those without an id get the next one."""
        prefix = described.sequence_prefix
        found = self._connection.execute(
            "SELECT next FROM _sequence WHERE prefix = ?", (prefix,)
        ).fetchone()
        numbers = itertools.count(found[0] if found else 1)
        defaults = {one.name: one.default for one in described.columns} | {
            name: value for name, value in self._stamps.items() if described.has(name)
        }
        for row in rows:
            if "Id" not in row:
                row["Id"] = numbered(prefix, next(numbers))
            if prefix == "005":
                self.new_users.append(row["Id"])
            filled = {**defaults, **row}
            yield [filled[name] for name in names]
        self._connection.execute(
            "INSERT OR REPLACE INTO _sequence VALUES (?, ?)", (prefix, next(numbers))
        )

    def _owner_names(self) -> dict[str, str | None]:
        """Return active users by id, username and name; a name that two share maps to None."""
        users = self._connection.execute(
            'SELECT Id, Username, Name FROM "User" WHERE IsActive'
        ).fetchall()
        names: dict[str, str | None] = {}
        for user_id, _, name in users:
            key = name.casefold()
            names[key] = None if key in names else user_id
        for user_id, username, _ in users:
            names |= {username.casefold(): user_id, user_id.casefold(): user_id}
        return names

    def _owner_id(self, text: str) -> str:
        record_id = normalised(text)
        owner = EVERYTHING.of_id(record_id) if record_id else None
        key = record_id if record_id and owner and owner.name == "User" else text
        found = self._owners.get(key.casefold(), "")
        if found:
            return found
        why = "is the name of several users" if found is None else "is no active user"
        raise RefusedError("INVALID_CROSS_REFERENCE_KEY", f"owner {text!r} {why}")


def _first_filled(cells: Sequence[str], places: tuple[int, ...]) -> str | None:
    for place in places:
        if place < len(cells) and (text := cells[place].strip()):
            return text
    return None


def _check_complete(described: ObjectDef, row: Row) -> None:
    name = "Company" if described.name == "Lead" else "Name"
    if not row.get(name):
        raise RefusedError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]")
