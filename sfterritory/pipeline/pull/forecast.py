"""What a pull will cost in API calls, told before it is begun."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, computed_field

from sfterritory.model.document import Document

REST_PAGE_ROWS = 2000
MAX_QUERY_CHARS = 6000  # of a GET; Salesforce refuses 16,384 bytes of address and headers
POLLS = 4  # of a Bulk job until it is complete; a large one takes more, at growing distances

Api = Literal["rest", "bulk"]


class ObjectForecast(Document):
    """What one object will cost.

    Attributes:
        rows: That Salesforce counts for what will be asked; None where they cannot be counted.
        api: How they will be fetched.
        full: Everything is read, and not changes alone.
        resumed: An unfinished job is gone on with.
        calls: API calls, those for the forecast included.
        skipped: Why the object will not be pulled at all, '' where it will.
    """

    object_name: str
    rows: int | None = None
    api: Api = "rest"
    full: bool = False
    resumed: bool = False
    missing_fields: tuple[str, ...] = ()
    kept_fields: tuple[str, ...] = ()
    type_changes: tuple[str, ...] = ()
    calls: int = 0
    skipped: str = ""


class PullForecast(Document):
    """What a pull will cost, and whether that leaves others what it should.

    Attributes:
        calls: Predicted for the whole pull.
        api_calls_used: Of the org's last 24 hours, by everybody, before the pull.
        api_calls_allowed: In 24 hours.
        api_calls_kept: That are left to others.
        fits: The prediction leaves them.
    """

    org_id: str
    objects: tuple[ObjectForecast, ...]
    calls: int
    api_calls_used: int = Field(ge=0)
    api_calls_allowed: int = Field(ge=0)
    api_calls_kept: int = Field(ge=0)

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own form
    @property
    def fits(self) -> bool:
        """Return whether the prediction leaves others what it should."""
        return self.api_calls_used + self.calls <= self.api_calls_allowed - self.api_calls_kept


def api_for(rows: int | None, query: str, *, threshold: int) -> Api:
    """Return how to fetch: what cannot be counted is metadata, which Bulk API does not know."""
    if rows is None:
        return "rest"
    return "bulk" if rows > threshold or len(query) > MAX_QUERY_CHARS else "rest"


def fetch_calls(rows: int | None, api: Api, *, page_rows: int) -> int:
    """Return the calls that fetch so many rows."""
    if api == "rest":
        return _pages(rows or 0, REST_PAGE_ROWS)
    return 1 + POLLS + _pages(rows or 0, page_rows) + 1  # the job, its end, and its deletion


def remaining_calls(rows: int, *, page_rows: int) -> int:
    """Return the calls that fetch the rest of a job that is complete already."""
    return 1 + _pages(max(0, rows), page_rows) + 1


def _pages(rows: int, page_rows: int) -> int:
    return max(1, -(-rows // page_rows))
