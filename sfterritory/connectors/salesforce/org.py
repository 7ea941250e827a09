"""One Salesforce org, signed in: what the pipeline reads from and the one writer writes to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from sfterritory.connectors import http
from sfterritory.connectors.salesforce.address import CHECK_ADDRESS
from sfterritory.connectors.salesforce.api_floor import check_free
from sfterritory.connectors.salesforce.bulk import BulkParams, BulkQuery
from sfterritory.connectors.salesforce.bulk_ingest import BulkIngest, IngestParams
from sfterritory.connectors.salesforce.collection import read_records, write_records
from sfterritory.connectors.salesforce.conditional import write_unmodified
from sfterritory.connectors.salesforce.credentials import Credentials
from sfterritory.connectors.salesforce.description import ObjectDescription, description_from
from sfterritory.connectors.salesforce.faults import BadAnswerError
from sfterritory.connectors.salesforce.page import Page, PagePosition
from sfterritory.connectors.salesforce.query import count, query_pages
from sfterritory.connectors.salesforce.retry import RetryPolicy, Sleep
from sfterritory.connectors.salesforce.session import Session, SessionParams
from sfterritory.connectors.salesforce.soql import Query
from sfterritory.connectors.salesforce.soql import name as checked_name
from sfterritory.connectors.salesforce.transport import ApiLimits
from sfterritory.model.document import Scalar
from sfterritory.model.ports import JobEnd, OnJob, RecordWrite, WriteResult

API_VERSION = "66.0"


class SalesforceOrg:
    """The org behind a session; made by `sign_in`, and an `OwnerGateway`.

    Use it as a context manager, or close it.
    """

    def __init__(self, session: Session, *, bulk: BulkParams, ingest: IngestParams) -> None:
        self._session = session
        self._bulk = bulk
        self._ingest = ingest
        self._client = http.open_client(session.origin)
        self.org_id, self.user_id = session.identity()

    @property
    def instance_url(self) -> str:
        """Scheme, host and port of the org's API, as Salesforce named it."""
        return self._session.origin

    @property
    def api_usage(self) -> ApiLimits | None:
        """The API calls used, as the last answer said; None before the first one that did."""
        return self._session.observed.limits

    @property
    def calls(self) -> int:
        """The API calls that this object has made since it signed in."""
        return self._session.observed.calls

    @contextmanager
    def keeping_free(self, share: float) -> Iterator[ApiLimits]:
        """Leave a share of the org's daily API calls to others while the block reads.

        Costs one call, to learn where the org stands, which is yielded.

        Raises:
            LimitReachedError: From a read that would take one of those calls; what was read until
                then stays.
        """
        limits = self.limits()

        def guard(doing: str, *, calls: int = 1) -> None:
            check_free(self.api_usage or limits, share, doing=doing, calls=calls)

        self._session.guard = guard
        try:
            yield limits
        finally:
            self._session.guard = None

    def check_calls(self, calls: int, *, doing: str) -> None:
        """Refuse to begin what needs so many calls, where `keeping_free` keeps some of them.

        Raises:
            LimitReachedError: It would end on the way.
        """
        if self._session.guard is not None:
            self._session.guard(doing, calls=calls)

    def describe(self, object_name: str) -> ObjectDescription:
        """Return what the user may see and change of an object.

        Raises:
            RefusedError: The object does not exist or is not visible (code `NOT_FOUND`).
        """
        path = f"sobjects/{checked_name(object_name)}/describe"
        doing = f"describing {object_name}"
        return description_from(self._get(doing, path))

    def count(self, query: Query, *, include_deleted: bool = False) -> int:
        """Return how many rows a query has."""
        return count(self._session, query, include_deleted=include_deleted)

    def query_pages(self, query: Query, *, include_deleted: bool = False) -> Iterator[Page]:
        """Yield a result by REST: right for some thousand rows; see `query.query_pages`."""
        return query_pages(self._session, query, include_deleted=include_deleted)

    def bulk_pages(
        self,
        query: Query,
        *,
        include_deleted: bool = False,
        resume: PagePosition | None = None,
        on_job: Callable[[str], None] | None = None,
    ) -> Iterator[Page]:
        """Yield a result by Bulk API 2.0: right for large objects; see `BulkQuery.pages`."""
        job = BulkQuery(self._session, self._client, query, params=self._bulk)
        return job.pages(include_deleted=include_deleted, resume=resume, on_job=on_job)

    def server_time(self) -> datetime:
        """Return Salesforce's clock (UTC, whole seconds) at its last answer; a call if none came.

        What is asked for from now on is at least as new.
        """
        if self._session.observed.server_time is None:
            self.limits()
        moment = self._session.observed.server_time
        if moment is None:
            raise BadAnswerError(
                "Salesforce's answer has no Date header",
                remedy="check that nothing between alters Salesforce's answers",
            )
        return moment

    def limits(self) -> ApiLimits:
        """Return the API calls of the org's last 24 hours, by a call made now."""
        answer = self._get("reading the API limits", "limits")
        daily = answer.get("DailyApiRequests")
        if not isinstance(daily, Mapping) or not {"Max", "Remaining"} <= daily.keys():
            raise BadAnswerError(
                "Salesforce's limits do not name DailyApiRequests", remedy=CHECK_ADDRESS
            )
        allowed = int(daily["Max"])
        limits = ApiLimits(used=allowed - int(daily["Remaining"]), allowed=allowed)
        self._session.observed.limits = limits
        return limits

    def read(
        self, object_name: str, record_ids: Sequence[str], *, fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, Scalar]]:
        """Return the fields of each record by 18-character id; a record that is gone is absent."""
        return read_records(self._session, object_name, record_ids, fields=fields)

    def write(self, rows: Sequence[RecordWrite]) -> Sequence[WriteResult]:
        """Update at most 200 records, one answer each, in order; never run assignment rules.

        Raises:
            AmbiguousWriteError: It is unknown what was written; read to learn it.
            ConnectorError: Salesforce refused the request as a whole.
        """
        return write_records(self._session, rows)

    def write_unmodified(
        self, rows: Sequence[RecordWrite], *, rows_per_request: int
    ) -> Sequence[WriteResult]:
        """Update each record only if nobody modified it since it was read, in order."""
        return write_unmodified(self._session, rows, rows_per_request=rows_per_request)

    def write_in_bulk(self, rows: Sequence[RecordWrite], *, on_job: OnJob) -> JobEnd:
        """Update records of one object by Bulk jobs; see `BulkIngest.write`."""
        return BulkIngest(self._session, self._client, params=self._ingest).write(
            rows, on_job=on_job
        )

    def finish_job(self, job_id: str, rows: Sequence[RecordWrite]) -> JobEnd:
        """Bring a Bulk job of an earlier run to its end; see `BulkIngest.finish`."""
        return BulkIngest(self._session, self._client, params=self._ingest).finish(job_id, rows)

    def close(self) -> None:
        """Close every connection."""
        self._client.close()
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _get(self, doing: str, path: str) -> Mapping[str, Any]:
        """Return the JSON object at a path of this API version."""
        answer = self._session.read(doing, lambda: self._session.rest.restful(path))
        if not isinstance(answer, Mapping):
            raise BadAnswerError(f"{doing}: the answer is not a JSON object", remedy=CHECK_ADDRESS)
        return answer


def sign_in(
    credentials: Credentials,
    *,
    api_version: str = API_VERSION,
    retry: RetryPolicy | None = None,
    bulk: BulkParams | None = None,
    ingest: IngestParams | None = None,
    sleep: Sleep = time.sleep,
) -> SalesforceOrg:
    """Return the org that the credentials open.

    Raises:
        SignInError: Salesforce refused the credentials; the message keeps its code.
        ConnectorError: Salesforce cannot be reached.
    """
    params = SessionParams(api_version=api_version, retry=retry or RetryPolicy())
    session = Session(credentials, params, sleep=sleep)
    try:
        return SalesforceOrg(session, bulk=bulk or BulkParams(), ingest=ingest or IngestParams())
    except BaseException:
        session.close()
        raise
