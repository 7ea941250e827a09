"""Reading an uploaded CSV: its header, and row by row what stands in it.

Rows are read from any byte on, so that a job can stop and go on. Each row is judged on its own: one
that is no CSV is a failed row, not a failed job.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from sfterritory.sandbox.api.bulk.csv_form import CsvForm, quoted

MAX_UPLOAD_BYTES = 100 * 1024 * 1024
MAX_HEADER_CHARACTERS = 32_000
MAX_VALUE_CHARACTERS = 131_072
MAX_ROW_CHARACTERS = 400_000
MAX_COLUMNS = 5_000
_DECODED_BYTES = 1 << 20


class UploadError(Exception):
    """An upload that cannot be read at all; the text is the job's error message."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first line.

    Attributes:
        line: As it was written, without its line ending.
        names: Its values.
        end_byte: Where the first row begins.
    """

    line: str
    names: tuple[str, ...]
    end_byte: int


@dataclass(frozen=True, slots=True)
class UploadedRow:
    """A row.

    Attributes:
        cells: Its values; of a broken row, what can be made of them.
        problem: Why it is none, or ''.
        end_byte: Where the next row begins.
    """

    cells: list[str]
    problem: str
    end_byte: int


def read_header(data: bytes, form: CsvForm) -> Header:
    """Return the first line of an upload.

    Raises:
        UploadError: There is none, it is no UTF-8 text, or its line ending is not the job's.
    """
    _check_text(data)
    lines = _Lines(data, len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0)
    try:
        names = next(_reader(lines, form), [])
    except csv.Error as error:
        raise UploadError(f"InvalidBatch : Failed to parse CSV header: {error}") from error
    line = lines.taken()
    if not any(names):
        raise UploadError("InvalidBatch : The CSV has no header")
    if line.endswith("\n") and line.endswith("\r\n") != (form.line_end == "\r\n"):
        raise UploadError(
            "ClientInputError : LineEnding is invalid on user data. "
            f"Current LineEnding setting is {form.line_ending}"
        )
    line = line.rstrip("\r\n")
    if len(line) > MAX_HEADER_CHARACTERS or len(names) > MAX_COLUMNS:
        raise UploadError(
            f"InvalidBatch : The CSV header has {len(line)} characters and {len(names)} fields; "
            f"at most {MAX_HEADER_CHARACTERS} and {MAX_COLUMNS} are allowed"
        )
    return Header(line, tuple(names), lines.end_byte)


def read_rows(
    data: bytes, form: CsvForm, *, columns: int, start_byte: int
) -> Iterator[UploadedRow]:
    """Yield the rows of an upload from a byte on; blank lines hold none."""
    lines = _Lines(data, start_byte)
    reader = _reader(lines, form)
    while True:
        try:
            cells = next(reader, None)
            problem = ""
        except csv.Error as error:
            cells, problem = None, f"Invalid CSV: {error}"
        raw = lines.taken()
        if not raw:
            return
        if cells is None:
            cells = _loosely(raw, form)
        elif not cells:
            continue
        problem = problem or _problem(cells, raw, columns=columns)
        yield UploadedRow(cells, problem, lines.end_byte)


def _loosely(raw: str, form: CsvForm) -> list[str]:
    """Return what can be made of a broken row, for the file that gives it back."""
    try:
        return next(csv.reader(io.StringIO(raw, newline=""), delimiter=form.between), [])
    except csv.Error:
        return [raw.rstrip("\r\n")]


def _problem(cells: list[str], raw: str, *, columns: int) -> str:
    """Return why the values of a row cannot be used, or ''."""
    if len(cells) != columns:
        return f"Invalid CSV: the row has {len(cells)} fields, the header has {columns}"
    if len(raw) > MAX_ROW_CHARACTERS or max(map(len, cells)) > MAX_VALUE_CHARACTERS:
        return (
            f"Invalid CSV: a record has at most {MAX_ROW_CHARACTERS} characters, "
            f"a field {MAX_VALUE_CHARACTERS}"
        )
    if ' "' in raw or '\t"' in raw:
        # A value may begin so, if it was quoted itself; a space before its quote makes it none.
        for cell in cells:
            if cell.lstrip(" \t")[:1] == '"' != cell[:1] and quoted(cell) not in raw:
                return "Invalid CSV: a space stands before a quote"
    return ""


def _check_text(data: bytes) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    stream = io.BytesIO(data)
    try:
        while chunk := stream.read(_DECODED_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise UploadError(
            "InvalidBatch : Failed to parse CSV: it is not UTF-8 at byte "
            f"{error.object[error.start]:#x}"
        ) from error


def _reader(lines: _Lines, form: CsvForm) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=form.between, strict=True)


class _Lines:
    """Lines of an upload from a byte on; remembers those taken since it was last asked."""

    def __init__(self, data: bytes, start_byte: int) -> None:
        self._stream = io.BytesIO(data)
        self._stream.seek(start_byte)
        self._taken: list[str] = []
        self.end_byte = start_byte

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._stream.readline()
        if not line:
            raise StopIteration
        self.end_byte += len(line)
        text = line.decode()
        self._taken.append(text)
        return text

    def taken(self) -> str:
        """Return the text of the lines since the last call."""
        text = "".join(self._taken)
        self._taken.clear()
        return text
