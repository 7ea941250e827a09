"""Faults in what an answer says: broken JSON, lost columns, doubled pages, wrong counts.

HTTP is as it should be, so only a client that looks at the content notices.
"""

from __future__ import annotations

import csv
import io
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from sfterritory.sandbox.faults.document import Occasion, RequestFault
from sfterritory.sandbox.faults.instead import refusal
from sfterritory.sandbox.state import dump_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from sfterritory.sandbox.faults.request import FaultRequest
    from sfterritory.sandbox.faults.whole import Answer

_DELIMITERS = ",;|^`\t"
Row = list[str]


@dataclass(frozen=True, slots=True)
class Page:
    """An answer on its way to the client.

    Attributes:
        answer: What the org says.
        request: What was asked.
        earlier: The page before this one, of the same query or job; None at the first.
        dice: The dice of this strike.
    """

    answer: Answer
    request: FaultRequest
    earlier: Answer | None
    dice: Random


class BodyFault(RequestFault):
    """A fault that changes an answer."""

    @abstractmethod
    def changed(self, page: Page) -> Answer:
        """Return the answer that is sent."""


class BrokenJson(BodyFault):
    """The body is cut, garbled or empty, under a status and a length that say all is well."""

    kind: Literal["broken_json"] = "broken_json"
    how: Literal["truncated", "garbled", "empty"] = "truncated"
    at_byte: int | None = Field(default=None, ge=0)

    def changed(self, page: Page) -> Answer:
        """Return the answer with a broken body."""
        answer = page.answer
        if self.how == "empty":
            return answer.with_body(b"")
        end = max(len(answer.body) - 1, 0)
        place = page.dice.randint(0, end) if self.at_byte is None else min(self.at_byte, end)
        rest = b"" if self.how == "truncated" else b"\n<!-- -->" + answer.body[place:]
        return answer.with_body(answer.body[:place] + rest)


class WrongType(BodyFault):
    """The Content-Type is another one, or none."""

    kind: Literal["wrong_type"] = "wrong_type"
    content_type: str = Field(default="text/html;charset=UTF-8", pattern=r"^[ -~]*$")

    def changed(self, page: Page) -> Answer:
        """Return the answer under another type."""
        return page.answer.with_header("content-type", self.content_type or None)


class MissingColumn(BodyFault):
    """A page lacks a column that was asked for; the last one where none is named."""

    occasion: ClassVar[Occasion] = "page"

    kind: Literal["missing_column"] = "missing_column"
    column: str | None = None

    def changed(self, page: Page) -> Answer:
        """Return the page without the column."""

        def fewer(heading: Row, rows: list[Row]) -> tuple[Row, list[Row]]:
            gone = _index(heading, self.column)
            return _without(heading, gone), [_without(row, gone) for row in rows]

        def less(record: dict[str, Any]) -> dict[str, Any]:
            gone = self.column or list(record)[-1]
            return {key: value for key, value in record.items() if key != gone}

        return _rewritten(page.answer, rows=fewer, record=less)


class NulBytes(BodyFault):
    """Values of a text column hold NUL bytes; `Name` where none is named."""

    occasion: ClassVar[Occasion] = "page"

    kind: Literal["nul_bytes"] = "nul_bytes"
    column: str = "Name"

    def changed(self, page: Page) -> Answer:
        """Return the page with a NUL in the midst of every value of the column."""

        def with_nul(text: str) -> str:
            return f"{text[: len(text) // 2]}\0{text[len(text) // 2 :]}"

        def dirty(heading: Row, rows: list[Row]) -> tuple[Row, list[Row]]:
            if self.column not in heading:
                return heading, rows
            place = heading.index(self.column)
            return heading, [
                [with_nul(cell) if at == place else cell for at, cell in enumerate(row)]
                for row in rows
            ]

        def soiled(record: dict[str, Any]) -> dict[str, Any]:
            value = record.get(self.column)
            return {**record, self.column: with_nul(value)} if isinstance(value, str) else record

        return _rewritten(page.answer, rows=dirty, record=soiled)


class DuplicatePage(BodyFault):
    """A page says again what the page before it said; its locator and count go on."""

    occasion: ClassVar[Occasion] = "page"

    kind: Literal["duplicate_page"] = "duplicate_page"

    def changed(self, page: Page) -> Answer:
        """Return the earlier page's rows under this page's headers."""
        if page.earlier is None:
            return page.answer
        said, before = page.answer.json(), page.earlier.json()
        if isinstance(said, dict) and isinstance(before, dict):
            again = {**said, "records": before["records"]}
            return page.answer.with_body(dump_json(again).encode())
        return page.answer.with_body(page.earlier.body)


class WrongCount(BodyFault):
    """`Sforce-NumberOfRecords`, or `totalSize` of a query, is off by a number, or missing."""

    occasion: ClassVar[Occasion] = "page"

    kind: Literal["wrong_count"] = "wrong_count"
    off_by: int | None = 1

    def changed(self, page: Page) -> Answer:
        """Return the answer with another count, or with none."""
        answer, found = page.answer, page.answer.json()
        if isinstance(found, dict) and "totalSize" in found:
            other = {**found, "totalSize": found["totalSize"] + (self.off_by or 0)}
            if self.off_by is None:
                del other["totalSize"]
            return answer.with_body(dump_json(other).encode())
        said = answer.header("sforce-numberofrecords")
        if said is None:
            return answer
        value = None if self.off_by is None else str(int(said) + self.off_by)
        return answer.with_header("sforce-numberofrecords", value)


class RepeatedLocator(BodyFault):
    """The locator of the next page is the one that was just asked for: following it never ends."""

    occasion: ClassVar[Occasion] = "page"

    kind: Literal["repeated_locator"] = "repeated_locator"

    def changed(self, page: Page) -> Answer:
        """Return the answer pointing at itself."""
        answer, found, request = page.answer, page.answer.json(), page.request
        first = request.path.rpartition("/")[2].lower() in {"query", "queryall"}
        if isinstance(found, dict) and "records" in found and not first:
            again = {**found, "done": False, "nextRecordsUrl": request.path}
            return answer.with_body(dump_json(again).encode())
        asked = dict(one.partition("=")[::2] for one in request.query.split("&")).get("locator")
        if answer.header("sforce-locator") is None or not asked:
            return answer
        return answer.with_header("sforce-locator", asked)


class JobStuck(BodyFault):
    """A job never comes to an end: its state stays as it is, results are not there."""

    occasion: ClassVar[Occasion] = "job"

    kind: Literal["job_stuck"] = "job_stuck"
    state: Literal["UploadComplete", "InProgress"] = "InProgress"

    def changed(self, page: Page) -> Answer:
        """Return the job's description with another state; results are refused."""
        job = page.answer.json()
        if not isinstance(job, dict) or "state" not in job:
            message = f"Job is not complete: its state is {self.state}"
            return refusal(400, "API_ERROR", message)
        return page.answer.with_body(dump_json({**job, "state": self.state}).encode())


def _rewritten(
    answer: Answer,
    *,
    rows: Callable[[Row, list[Row]], tuple[Row, list[Row]]],
    record: Callable[[dict[str, Any]], dict[str, Any]],
) -> Answer:
    """Return a page, CSV or JSON, with its rows changed; anything else as it is."""
    page = answer.json()
    if isinstance(page, dict) and isinstance(page.get("records"), list):
        other = {**page, "records": [record(one) for one in page["records"]]}
        return answer.with_body(dump_json(other).encode())
    if not (answer.header("content-type") or "").startswith("text/csv"):
        return answer
    text = answer.body.decode()
    heading = text.partition("\n")[0]
    delimiter = next((one for one in _DELIMITERS if f'"{one}"' in heading), ",")
    found = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    names, changed = rows(found[0], found[1:])
    out = io.StringIO(newline="")
    ending = "\r\n" if heading.endswith("\r") else "\n"
    writer = csv.writer(out, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerows([names, *changed])
    return answer.with_body(out.getvalue().encode())


def _index(heading: Row, column: str | None) -> int:
    """Return which column goes: the last one where none is named, none where it is not there."""
    if column is None:
        return len(heading) - 1
    return heading.index(column) if column in heading else len(heading)


def _without(row: Row, place: int) -> Row:
    return [*row[:place], *row[place + 1 :]]
