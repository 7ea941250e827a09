"""The REST query: pages of a small result, in the same form as a Bulk job gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sfterritory.connectors.salesforce.faults import BadAnswerError, RefusedError, ResumeLostError
from sfterritory.connectors.salesforce.page import Page, PagePosition
from sfterritory.connectors.salesforce.session import Session
from sfterritory.connectors.salesforce.soql import Query
from sfterritory.connectors.salesforce.value import text_of

_CHECK_ADDRESS = "run again; if it stays, check that nothing between alters Salesforce's answers"


def count(session: Session, query: Query, *, include_deleted: bool = False) -> int:
    """Return how many rows the query has, at the cost of one API call."""

    def ask() -> int:
        answer = session.rest.query(query.counting(), include_deleted=include_deleted)
        return _Answer.of(answer).total

    return session.read(f"counting {query.object_name}", ask)


def query_pages(session: Session, query: Query, *, include_deleted: bool = False) -> Iterator[Page]:
    """Yield the result page by page, following every locator.

    Args:
        session: Who asks.
        query: What to ask; parent paths (`Owner.Name`) become plain columns.
        include_deleted: Also rows in the recycle bin and rows merged away.

    Raises:
        ResumeLostError: The cursor has died between two pages.
        ConnectorError: The query failed for good.
    """
    rows_so_far = 0
    for answer in _answers(session, query, deleted=include_deleted):
        rows_so_far += len(answer.records)
        last = answer.following is None
        yield Page(
            header=query.fields,
            rows=_rows(answer, query, expected=answer.total if last else None, read=rows_so_far),
            position=PagePosition(None, answer.following, rows_so_far),
            total=answer.total,
        )


def records_of(session: Session, query: Query) -> Iterator[Mapping[str, Any]]:
    """Yield the records as Salesforce's JSON has them, `Id` and parents included."""
    read = total = 0
    for answer in _answers(session, query, deleted=False):
        read, total = read + len(answer.records), answer.total
        yield from answer.records
    if read != total:
        raise _short(query.object_name, read=read, expected=total)


def value_at(record: Mapping[str, Any], field: str) -> Any:
    """Return the value at a field or parent path; None where a parent is empty.

    Raises:
        BadAnswerError: The record does not have the field.
    """
    value: Any = record
    for step in field.split("."):
        if value is None:
            return None
        if not isinstance(value, Mapping) or step not in value:
            raise BadAnswerError(
                f"Salesforce's record has no {field}, which was asked for", remedy=_CHECK_ADDRESS
            )
        value = value[step]
    return value


@dataclass(frozen=True, slots=True)
class _Answer:
    """One page's answer, checked for its form.

    Attributes:
        following: Path of the next page; None on the last.
    """

    records: Sequence[Mapping[str, Any]]
    total: int
    following: str | None

    @classmethod
    def of(cls, answer: object) -> _Answer:
        """Return the parts of an answer.

        Raises:
            BadAnswerError: It is not a query's answer.
        """
        if not isinstance(answer, Mapping):
            raise BadAnswerError("the answer is not a query result", remedy=_CHECK_ADDRESS)
        records, total = answer.get("records"), answer.get("totalSize")
        if not isinstance(records, list):
            raise BadAnswerError("a query's answer holds no records", remedy=_CHECK_ADDRESS)
        if not isinstance(total, int):
            raise BadAnswerError("a query's answer holds no totalSize", remedy=_CHECK_ADDRESS)
        return cls(records, total, _next(answer))


def _answers(session: Session, query: Query, *, deleted: bool) -> Iterator[_Answer]:
    """Yield every answer of a query.

    A locator that was followed before would lead round for ever, and a page that was sent before
    would stand for rows that never came: both count as broken answers.
    """
    locator: str | None = None
    doing, visited = f"reading {query.object_name}", {locator}
    begun_with: list[Mapping[str, Any]] = []  # a record stands once in a result

    def ask() -> _Answer:
        answer = _Answer.of(
            session.rest.query(str(query), include_deleted=deleted)
            if locator is None
            else session.rest.query_more(locator, identifier_is_url=True)
        )
        if answer.following in visited and answer.following is not None:
            raise BadAnswerError(
                f"{doing}: a page names {answer.following} as the next, which was fetched before",
                remedy=_CHECK_ADDRESS,
            )
        if answer.records and answer.records[0] in begun_with:
            raise BadAnswerError(
                f"{doing}: a page begins as an earlier one did", remedy=_CHECK_ADDRESS
            )
        return answer

    while True:
        try:
            answer = session.read(doing, ask)
        except RefusedError as error:
            if locator is not None and error.code in {"INVALID_QUERY_LOCATOR", "NOT_FOUND"}:
                raise ResumeLostError(
                    f"{doing}: Salesforce no longer knows the cursor of its own result",
                    remedy=f"pull {query.object_name} from its beginning",
                ) from error
            raise
        yield answer
        begun_with += answer.records[:1]
        locator = answer.following
        if locator is None:
            return
        visited.add(locator)


def _next(answer: Mapping[str, Any]) -> str | None:
    """Return the path of the next page; only a path: the token must not follow a foreign URL."""
    url = answer.get("nextRecordsUrl")
    if url is None and answer.get("done") is True:
        return None
    if not isinstance(url, str) or not url.startswith("/services/data/"):
        raise BadAnswerError(
            f"a query's answer has no usable nextRecordsUrl: {url!r}", remedy=_CHECK_ADDRESS
        )
    return url


def _rows(
    answer: _Answer, query: Query, *, expected: int | None, read: int
) -> Iterator[Sequence[str]]:
    """Yield the records as rows of text; after the last page, check the sum of all rows."""
    for record in answer.records:
        yield [_cell(record, field) for field in query.fields]
    if expected is not None and read != expected:
        raise _short(query.object_name, read=read, expected=expected)


def _cell(record: Mapping[str, Any], field: str) -> str:
    try:
        return text_of(value_at(record, field))
    except TypeError as error:
        raise BadAnswerError(
            f"{field} is not a single value", remedy="ask for its parts (BillingCity, ...) instead"
        ) from error


def _short(object_name: str, *, read: int, expected: int) -> BadAnswerError:
    return BadAnswerError(
        f"{object_name}: Salesforce counts {expected:,} rows and sent {read:,}",
        remedy="run again; nothing of the incomplete page was stored",
    )
