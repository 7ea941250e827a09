"""Tables that people send: CSV and XLSX files as text cells, each row with its line.

Only values are read: a workbook's formulas, links and macros stay where they are.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from sfterritory.errors import ConfigError

MAX_FILE_BYTES = 50_000_000
MAX_UNPACKED_BYTES = 400_000_000  # a workbook is a zip, and a small one can hold a huge sheet
MAX_ROWS = 200_000
_DELIMITERS = ",;\t|"
_READABLE = "CSV (UTF-8) or XLSX"

Cell = str | float | bool | date | time | datetime | timedelta | None


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its line in the file, and a text for each heading; '' where it is empty."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file under their headings; blank rows are left out."""

    name: str
    headings: tuple[str, ...]
    rows: tuple[TableRow, ...]


def read_table(path: Path, *, name: str, sheet: str | None = None) -> Table:
    """Read a CSV or XLSX file whose first filled row holds the headings.

    Args:
        path: The file; what it is follows from its ending.
        name: What messages call it.
        sheet: Of a workbook; None takes the first one.

    Raises:
        ConfigError: Missing, too large, unreadable, without headings, or with one heading twice.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise _unreadable(name, error) from error
    if size > MAX_FILE_BYTES:
        raise ConfigError(
            f"{name} is {size:,} bytes long, more than {MAX_FILE_BYTES:,}",
            remedy="export only the rows and columns that are asked for",
        )
    if path.suffix.lower() in {".xlsx", ".xlsm"}:
        return _table(name, _sheet_rows(path, name=name, sheet=sheet))
    if path.suffix.lower() not in {".csv", ".txt", ".tsv"}:
        raise ConfigError(
            f"{name} ends in {path.suffix or 'nothing'}", remedy=f"give it as {_READABLE}"
        )
    return _table(name, _csv_rows(path, name=name))


def _unreadable(name: str, error: OSError) -> ConfigError:
    return ConfigError(
        f"{name} cannot be read: {error.strerror}",
        remedy="correct the path or the permissions, or put it there",
    )


def _table(name: str, rows: Iterable[TableRow]) -> Table:
    filled = [row for row in rows if any(row.cells)]
    if not filled:
        raise ConfigError(f"{name} is empty", remedy="give it a row of headings and rows below")
    headings = filled[0].cells
    twice = sorted({one for one in headings if one and headings.count(one) > 1})
    if twice:
        raise ConfigError(
            f"{name}:{filled[0].line}: the heading {twice[0]!r} stands there twice",
            remedy="give each column a heading of its own",
        )
    width = len(headings)
    return Table(
        name,
        headings,
        tuple(TableRow(row.line, _padded(row.cells, width)) for row in filled[1:]),
    )


def _padded(cells: Sequence[str], width: int) -> tuple[str, ...]:
    return (*cells[:width], *("",) * (width - len(cells)))


def _csv_rows(path: Path, *, name: str) -> list[TableRow]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _unreadable(name, error) from error
    encoding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{name}: byte {error.start} is not UTF-8", remedy="save the file as CSV UTF-8"
        ) from error
    heading = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=heading.count)  # the first of those that are equally frequent
    reader = csv.reader(io.StringIO(text.replace("\x00", ""), newline=""), delimiter=delimiter)
    rows: list[TableRow] = []
    try:
        for cells in reader:
            _check_rows(len(rows), name=name)
            rows.append(TableRow(reader.line_num, tuple(cell.strip() for cell in cells)))
    except csv.Error as error:
        raise ConfigError(
            f"{name}:{reader.line_num}: {error}", remedy="correct the quotes in that line"
        ) from error
    return rows


def _sheet_rows(path: Path, *, name: str, sheet: str | None) -> list[TableRow]:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - only for workbooks

    _check_unpacked(path, name=name)
    try:
        book = CalamineWorkbook.from_path(path)
    except (CalamineError, OSError) as error:
        raise ConfigError(
            f"{name} is not a workbook: {error}", remedy=f"give it as {_READABLE}"
        ) from error
    names = book.sheet_names
    if not names or (sheet is not None and sheet not in names):
        raise ConfigError(
            f"{name} has no sheet {sheet!r}; it has {', '.join(map(repr, names)) or 'none'}",
            remedy="name one of its sheets",
        )
    try:
        found = book.get_sheet_by_name(sheet or names[0])
        cells = found.to_python(skip_empty_area=False)
    except CalamineError as error:
        raise ConfigError(
            f"{name}: the sheet cannot be read: {error}", remedy="save the workbook again"
        ) from error
    _check_rows(len(cells) - 1, name=name)
    return [
        TableRow(line, tuple(cell_text(value) for value in row))
        for line, row in enumerate(cells, start=1)
    ]


def _check_unpacked(path: Path, *, name: str) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(one.file_size for one in packed.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise ConfigError(
            f"{name} is not a workbook: {error}", remedy=f"give it as {_READABLE}"
        ) from error
    if size > MAX_UNPACKED_BYTES:
        raise ConfigError(
            f"{name} unpacks to {size:,} bytes, more than {MAX_UNPACKED_BYTES:,}",
            remedy="export only the rows and columns that are asked for",
        )


def _check_rows(count: int, *, name: str) -> None:
    if count >= MAX_ROWS:
        raise ConfigError(
            f"{name} has more than {MAX_ROWS:,} rows", remedy="export only the rows asked for"
        )


def cell_text(value: Cell) -> str:
    """Return a workbook's cell as CSV would hold it: 12 for 12.0, days and moments as ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).strip()
