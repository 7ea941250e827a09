"""The CSV of a Bulk upload and of its results: written without a cell that says nothing.

In an upload an empty cell means "leave as it is" and `#N/A` means "make empty". So records that
change the same fields go into one file, whose every cell is filled; nothing else is expressed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sfterritory.connectors.salesforce.collection import checked_fields
from sfterritory.connectors.salesforce.faults import BadAnswerError
from sfterritory.connectors.salesforce.soql import name as checked_name
from sfterritory.connectors.salesforce.value import id_of, text_of
from sfterritory.model.document import Scalar
from sfterritory.model.ids import to_18
from sfterritory.model.ports import RecordWrite

NULL = "#N/A"
MAX_UPLOAD_BYTES = 100_000_000  # Salesforce takes no more in one job
_AGAIN = "run the same command again: it reads Salesforce first"


@dataclass(frozen=True, slots=True)
class Upload:
    """One job's records of one object, and the file that holds them."""

    rows: tuple[RecordWrite, ...]
    content: bytes


def uploads(
    rows: Sequence[RecordWrite], *, max_rows: int, max_bytes: int = MAX_UPLOAD_BYTES
) -> Iterator[Upload]:
    """Yield files for all records that a file can express, in order within each set of fields.

    Raises:
        ValueError: A record that changes nothing or its own id, or one too long for any file.
    """
    of_fields: dict[tuple[str, tuple[str, ...]], list[RecordWrite]] = {}
    for row in rows:
        if _is_expressible(row):
            names = tuple(checked_name(field) for field in sorted(checked_fields(row)))
            of_fields.setdefault((row.object_name, names), []).append(row)
    for (_, names), group in of_fields.items():
        yield from _cut(names, group, max_rows=max_rows, max_bytes=max_bytes)


def result_rows(content: bytes, *, doing: str) -> dict[str, Mapping[str, str]]:
    """Return the rows of a result file by our own `Id` column: their order is not the upload's.

    Raises:
        BadAnswerError: It is not whole CSV, or has no `Id`.
    """
    text = content.replace(b"\x00", b"").decode("utf-8", errors="replace")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.casefold() for name in next(reader, [])]
        rows = [dict(zip(header, row, strict=True)) for row in reader if row]
    except (csv.Error, ValueError) as error:
        raise BadAnswerError(
            f"{doing}: a result file is not whole CSV ({error})", remedy=_AGAIN
        ) from error
    return {id_of(row.get("id") or row.get("sf__id")): row for row in rows}


def _is_expressible(row: RecordWrite) -> bool:
    """Tell whether a file can say it: the text `#N/A` itself would empty the field."""
    return NULL not in row.fields.values()


def _cut(
    names: tuple[str, ...], rows: Sequence[RecordWrite], *, max_rows: int, max_bytes: int
) -> Iterator[Upload]:
    header = _line(["Id", *names])
    kept: list[RecordWrite] = []
    content = bytearray(header)
    for row in rows:
        line = _line([to_18(row.record_id), *(_cell(row.fields[name]) for name in names)])
        if len(header) + len(line) > max_bytes:
            raise ValueError(f"{row.object_name} {row.record_id} has {len(line):,} bytes of fields")
        if kept and (len(kept) == max_rows or len(content) + len(line) > max_bytes):
            yield Upload(tuple(kept), bytes(content))
            kept, content = [], bytearray(header)
        kept.append(row)
        content += line
    if kept:
        yield Upload(tuple(kept), bytes(content))


def _line(cells: Sequence[str]) -> bytes:
    """Return one line of CSV, ended by LF as the job declares."""
    out = io.StringIO(newline="")
    # a writer quotes the characters of its own line ending: a lone CR would split the row else
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().removesuffix("\r\n").encode() + b"\n"


def _cell(value: Scalar) -> str:
    """Return a value as a cell that is never empty."""
    if isinstance(value, float):
        return repr(value)
    return text_of(value) or NULL
