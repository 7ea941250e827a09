"""The SQL that loads pages: made once from a mirror's table and a header, for either database.

No cell is touched by Python: blanks become NULL, `true` becomes 1 and date-times get their one
text form in the statements themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Column

from sfterritory.errors import StoreError
from sfterritory.model.store.column_type import Kind, kind_of
from sfterritory.model.store.mirror_registry import Mirror, mirror_of

KEY = "id"
STAGE = "pull_stage"
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_.]*\Z")
_DELETED = "is_deleted"
_GLOB = "????-??-??T??:??:??.???"
_LIKE = _GLOB.replace("?", "_")
_BLANK = "NULL"  # stands for the cell of a field that the header does not name


@dataclass(frozen=True, slots=True)
class PageLoad:
    """How the pages of one pull are loaded.

    Attributes:
        kept: Fields that the header lacks and whose stored values stay.
        instants: Fields without a column of their own that hold date-times, which the two APIs
            write in two forms; `extra` holds one.
        first: Most rows are new, which PostgreSQL loads faster where it knows.
    """

    kept: frozenset[str] = frozenset()
    instants: frozenset[str] = frozenset()
    first: bool = False

    def hidden(self, mirror: Mirror, header: Sequence[str]) -> list[str]:
        """Return the fields of `extra` to keep, in order."""
        return sorted(self.kept.difference(header, mirror.columns))


@lru_cache
def sqlite_upsert(object_name: str, header: tuple[str, ...], load: PageLoad) -> str:
    """Return the statement that `executemany` feeds with the cells of one row each."""
    mirror = _checked(object_name, header)
    cells = {field: f"?{number}" for number, field in enumerate(header, start=1)}
    values = _values(mirror, cells, _sqlite_value)
    hidden = load.hidden(mirror, header)
    values["extra"] = _sqlite_extra(_extra_cells(mirror, cells, hidden), load)
    table = mirror.table.name
    updates = {name: f"excluded.{name}" for name in values if name != KEY}
    if hidden:
        paths = ((f"'$.\"{field}\"'", field) for field in hidden)
        old = ", ".join(f"{path}, json_extract({table}.extra, {path})" for path, _ in paths)
        updates["extra"] = f"json_set(excluded.extra, {old})"
    newer = _is_newer(mirror, values, new="excluded", old=table)
    return (
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())}) "  # noqa: S608 - our own names, and field names of a checked shape
        f"ON CONFLICT ({KEY}) DO UPDATE SET {', '.join(f'{n}={v}' for n, v in updates.items())} "
        f"WHERE {newer}({', '.join(updates.values())}) "
        f"IS NOT ({', '.join(f'{table}.{n}' for n in updates)})"
    )


@dataclass(frozen=True, slots=True)
class PostgresqlLoad:
    """The statements that bring a page into a mirror.

    Attributes:
        stage: Makes the stage.
        copy: Fills it, blanks as NULL.
        newest: Leaves only the newest row of a record that came twice, which `merge` and `insert`
            refuse; sorting every page for that would take most of the time.
        merge: Merges it. MERGE locks no row that it leaves alone, which ON CONFLICT does; it is
            not safe against a second inserter, but pulls hold the lease.
        insert: Does the same where every row is new; a row that is not is refused.
    """

    stage: str
    copy: str
    newest: str
    merge: str
    insert: str


@lru_cache
def postgresql_load(object_name: str, header: tuple[str, ...], load: PageLoad) -> PostgresqlLoad:
    """Return the statements for pages with this header."""
    mirror = _checked(object_name, header)
    cells = {field: f"f{number}" for number, field in enumerate(header)}
    stage = ", ".join(f'{cell} text COLLATE "C"' for cell in cells.values())
    values = _values(mirror, cells, _postgresql_value)
    hidden = load.hidden(mirror, header)
    parts = _postgresql_extra(_extra_cells(mirror, cells, hidden), load)
    picked = {**values, **{f"extra_{number}": part for number, part in enumerate(parts)}}
    source = f"SELECT {', '.join(f'{v} AS {n}' for n, v in picked.items())} FROM {STAGE}"  # noqa: S608 - our own names, and field names of a checked shape
    inserts = {name: f"s.{name}" for name in values}
    inserts["extra"] = _joined(["'null'"] * len(hidden))
    updates = {name: value for name, value in inserts.items() if name != KEY}
    updates["extra"] = _joined(
        [f"coalesce(to_json(t.extra::json ->> '{field}')::text, 'null')" for field in hidden]
    )
    table, names = mirror.table.name, ", ".join(inserts)
    return PostgresqlLoad(
        stage=f"CREATE TEMPORARY TABLE {STAGE} ({stage}) ON COMMIT DROP",
        copy=f"COPY {STAGE} FROM STDIN",
        newest=_newest_rows(values[KEY], values.get(_cursor(mirror), values[KEY])),
        merge=(
            f"MERGE INTO {table} t USING ({source}) s ON t.{KEY} = s.{KEY} "  # noqa: S608 - as above
            f"WHEN MATCHED AND {_takes(mirror, values, updates, new='s')} "
            f"THEN UPDATE SET {_set(updates)} "
            f"WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({', '.join(inserts.values())})"
        ),
        insert=(
            f"INSERT INTO {table} ({names}) "  # noqa: S608 - as above
            f"SELECT {', '.join(inserts.values())} FROM ({source}) s"
        ),
    )


def _newest_rows(key: str, cursor: str) -> str:
    return (
        f"DELETE FROM {STAGE} USING (SELECT ctid AS place, row_number() OVER ("  # noqa: S608 - our own names
        f"PARTITION BY {key} ORDER BY {cursor} DESC NULLS LAST, ctid DESC) AS turn FROM {STAGE} "
        f"WHERE {key} IN (SELECT {key} FROM {STAGE} GROUP BY 1 HAVING count(*) > 1)) twice "
        f"WHERE {STAGE}.ctid = twice.place AND twice.turn > 1"
    )


def _set(updates: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in updates.items())


def _takes(
    mirror: Mirror, values: Mapping[str, str], updates: Mapping[str, str], *, new: str
) -> str:
    """Return the condition that a row is not older than the stored one and differs from it."""
    return (
        f"{_is_newer(mirror, values, new=new, old='t')}({', '.join(updates.values())}) "
        f"IS DISTINCT FROM ({', '.join(f't.{name}' for name in updates)})"
    )


def _checked(object_name: str, header: tuple[str, ...]) -> Mirror:
    mirror = mirror_of(object_name)
    problems = [f"{name!r} is not a field name" for name in header if not _FIELD.match(name)]
    problems += [f"{name} stands twice" for name in sorted(set(header)) if header.count(name) > 1]
    needed = {f for f, c in mirror.columns.items() if not c.nullable and f != "IsDeleted"}
    problems += [f"{name} is missing" for name in sorted(needed - set(header))]
    if problems:
        raise StoreError(
            f"the header of {object_name} cannot be loaded: {'; '.join(problems)}",
            remedy="ask Salesforce for each field once, its id and the fields named above included",
        )
    return mirror


def _cursor(mirror: Mirror) -> str:
    return str(mirror.columns[mirror.cursor].name)


def _is_newer(mirror: Mirror, values: Mapping[str, str], *, new: str, old: str) -> str:
    """Return the condition that a row is not older than the stored one, with its AND."""
    cursor = _cursor(mirror)
    if cursor == KEY or cursor not in values:
        return ""
    return f"({old}.{cursor} IS NULL OR {new}.{cursor} >= {old}.{cursor}) AND "


def _values(mirror: Mirror, cells: Mapping[str, str], value: Any) -> dict[str, str]:
    """Return the SQL expression of every column that a page sets but `extra`, by column name."""
    columns = {field: column for field, column in mirror.columns.items() if field in cells}
    values = {column.name: value(cells[field], column) for field, column in columns.items()}
    # An object that shows no deletions sends only what is there.
    deleted = mirror.table.columns[_DELETED]
    values.setdefault(_DELETED, value(_BLANK, deleted))
    return values | {name: f"'{constant}'" for name, constant in mirror.constants.items()}


def _extra_cells(
    mirror: Mirror, cells: Mapping[str, str], hidden: Iterable[str]
) -> Mapping[str, str | None]:
    """Return the cells that go into `extra` by field, in order; None for fields to be kept."""
    others: dict[str, str | None] = {f: c for f, c in cells.items() if f not in mirror.columns}
    others |= dict.fromkeys(hidden)
    return {field: others[field] for field in sorted(others)}


def _sqlite_value(cell: str, column: Column[Any]) -> str:
    match kind_of(column):
        case Kind.FLAG:
            flag = f"CASE {cell} WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE nullif({cell}, '') END"
            return flag if column.nullable else f"coalesce({flag}, 0)"
        case Kind.INSTANT:
            # Bulk delivers 2026-05-01T07:25:37.000Z, REST the same with +0000.
            return (
                f"CASE WHEN {cell} GLOB '{_GLOB}Z' THEN {cell} "
                f"WHEN {cell} GLOB '{_GLOB}+0000' THEN substr({cell}, 1, 23) || 'Z' "
                f"WHEN {cell} = '' THEN NULL ELSE any_instant_text({cell}) END"
            )
        case Kind.DAY:
            return (
                f"CASE WHEN {cell} = '' THEN NULL WHEN {cell} = date({cell}) THEN {cell} "
                f"ELSE any_day_text({cell}) END"
            )
        case _:
            return f"nullif({cell}, '')"


def _sqlite_extra(cells: Mapping[str, str | None], load: PageLoad) -> str:
    def value(field: str, cell: str | None) -> str:
        if cell is None:
            return "NULL"
        if field not in load.instants:
            return f"nullif({cell}, '')"
        shorter = f"substr({cell}, 1, 23) || 'Z'"
        return f"CASE WHEN {cell} GLOB '{_GLOB}+0000' THEN {shorter} ELSE nullif({cell}, '') END"

    if not cells:
        return "NULL"
    values = {field: value(field, cell) for field, cell in cells.items()}
    pairs = ", ".join(f"'{field}', {value}" for field, value in values.items())
    return f"json_object({pairs})"


# Of a cell of the stage, where a blank is NULL already.
_POSTGRESQL_CAST = {
    Kind.NUMBER: "{cell}::double precision",
    Kind.FLAG: "{cell}::boolean",
    # Without the checks PostgreSQL would take `yesterday`, and a time without an offset.
    Kind.INSTANT: (
        f"date_trunc('milliseconds', (CASE WHEN {{cell}} LIKE '{_LIKE}Z' "
        f"OR {{cell}} LIKE '{_LIKE}+0000' THEN {{cell}} "
        f"WHEN {{cell}} ~ '^[0-9-]{{{{10}}}}T[0-9:.]+(Z|[+-][0-9:]{{{{4,5}}}})$' THEN {{cell}} "
        f"ELSE 'no date-time: ' || {{cell}} END)::timestamptz)"
    ),
    Kind.DAY: (
        "(CASE WHEN {cell} LIKE '____-__-__' THEN {cell} ELSE 'no day: ' || {cell} END)::date"
    ),
    Kind.TEXT: "{cell}",
}


def _postgresql_value(cell: str, column: Column[Any]) -> str:
    kind = kind_of(column)
    value = _POSTGRESQL_CAST[kind].format(cell=cell)
    return f"coalesce({value}, false)" if kind is Kind.FLAG and not column.nullable else value


def _postgresql_extra(cells: Mapping[str, str | None], load: PageLoad) -> list[str]:
    """Write the object as SQLite's json_object does; PostgreSQL's own puts blanks in it.

    It comes in parts: the value of a kept field goes between one part and the next.
    """
    if not cells:
        return ["NULL::text"]
    parts, place = ["'{'"], "'\"{}\":'"
    for number, (field, cell) in enumerate(cells.items()):
        comma = "',' || " if number else ""
        parts[-1] += f" || {comma}{place.format(field)}"
        if cell is None:
            parts.append("''")
        else:
            value = cell
            if field in load.instants:
                shorter = f"left({cell}, 23) || 'Z'"
                value = f"CASE WHEN {cell} LIKE '{_LIKE}+0000' THEN {shorter} ELSE {cell} END"
            parts[-1] += f" || coalesce(to_json({value})::text, 'null')"
    parts[-1] += " || '}'"
    return parts


def _joined(values: Sequence[str]) -> str:
    """Return the text of `extra` from its parts in the stage and the values between them."""
    parts = [f"s.extra_{number}" for number in range(len(values) + 1)]
    between = [piece for pair in zip(parts, values, strict=False) for piece in pair]
    return " || ".join([*between, parts[-1]])
