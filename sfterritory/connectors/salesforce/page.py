"""A page of rows on its way from Salesforce to the store, and where to go on after it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PagePosition:
    """Where a pull stands; stored with the rows, it lets the next run go on from there.

    Attributes:
        job_id: The Bulk job; None when the pages come from the REST query.
        next_locator: What names the next page; None before the first page and after the last.
        rows_so_far: Rows of all pages up to here.
    """

    job_id: str | None
    next_locator: str | None
    rows_so_far: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a query result; every value is text, and an absent one is ''.

    `rows` can be read once, before the next page is asked for. It raises a `BadAnswerError` at
    its end (or before) when the page proves short or torn, so load it inside one transaction. Of
    a Bulk job it is a `PageRows`, which can be had as CSV too.

    Attributes:
        header: The fields asked for, in that order.
        position: Where to go on once these rows are stored.
        total: Rows of the whole result, as Salesforce counts them.
    """

    header: tuple[str, ...]
    rows: Iterable[Sequence[str]]
    position: PagePosition
    total: int
