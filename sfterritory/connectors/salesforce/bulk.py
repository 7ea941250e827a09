"""Bulk API 2.0 queries: a job on the server, its result fetched in counted pages.

Our own client, because simple-salesforce's neither retries, resumes nor counts. A page goes to a
spooled file first, so memory stays flat; one that is cut, short, torn, has other columns or was
sent before is refused whole and fetched again, as often as the retry policy says. The next page is
on its way while the caller stores this one, and never more than one.
"""

from __future__ import annotations

import contextvars
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from tempfile import SpooledTemporaryFile
from typing import Any

from pydantic import Field

from sfterritory.connectors import http
from sfterritory.connectors.salesforce.bulk_job import GONE, JobResource, Patience
from sfterritory.connectors.salesforce.bulk_page import RUN_AGAIN, PageFile, PageScan
from sfterritory.connectors.salesforce.faults import BadAnswerError, RefusedError, ResumeLostError
from sfterritory.connectors.salesforce.page import Page, PagePosition
from sfterritory.connectors.salesforce.session import Session
from sfterritory.connectors.salesforce.soql import Query
from sfterritory.errors import ConnectorError, JobRunningError
from sfterritory.events import emit

_GONE = GONE | {"INVALID_QUERY_LOCATOR"}
_NO_FIELD = re.compile(r"INVALID_?FIELD|No such column", re.IGNORECASE)
_LAST_PAGE = frozenset({"null", ""})  # Salesforce writes the word


class BulkParams(Patience):
    """How a Bulk query is waited for and fetched."""

    max_records: int = Field(default=50_000, ge=1, description="rows of one page")
    first_poll_seconds: float = Field(default=0.2, gt=0)
    memory_bytes: int = Field(
        default=1 << 20, ge=0, description="of a page, before it goes to disk"
    )


class BulkJobRunningError(JobRunningError):
    """The job outlasted our patience; `position` attaches the next run to it."""

    def __init__(self, problem: str, *, remedy: str, position: PagePosition) -> None:
        super().__init__(problem, remedy=remedy)
        self.position = position


class BulkQuery:
    """Runs one query as a Bulk job, once."""

    def __init__(
        self, session: Session, client: http.Client, query: Query, *, params: BulkParams
    ) -> None:
        self._session = session
        self._client = client
        self._query = query
        self._params = params
        self._doing = f"reading {query.object_name} by Bulk API"
        self._jobs = JobResource(session, client, "query", doing=self._doing, remedy=RUN_AGAIN)
        self._abandoned = threading.Event()
        self._visited: set[str | None] = set()
        self._digests: set[tuple[int, int]] = set()

    def pages(
        self,
        *,
        include_deleted: bool = False,
        resume: PagePosition | None = None,
        on_job: Callable[[str], None] | None = None,
    ) -> Iterator[Page]:
        """Yield the result page by page; the job is deleted after the last one.

        Stopping early leaves the job on the server (for seven days), to resume from. Each page
        is read to its end before the next one is asked for.

        Args:
            include_deleted: Also rows in the recycle bin and rows merged away.
            resume: A position of an earlier run of the same query: nothing is made anew.
            on_job: Told the id of a new job before it is waited for, to be stored.

        Raises:
            BulkJobRunningError: Not ready within the limit.
            ResumeLostError: The job to resume is gone, failed or was aborted, or the pages of the
                job are not all of it; start this object anew.
            ConnectorError: The job or a page failed for good.
        """
        resumed = resume is not None and resume.job_id is not None
        if resume is None or resume.job_id is None:
            job_id = self._create(include_deleted=include_deleted)
            resume = PagePosition(job_id=job_id, next_locator=None, rows_so_far=0)
            if on_job is not None:
                on_job(job_id)
        else:
            job_id = resume.job_id
        total = self._wait(job_id, resume, resumed=resumed)
        yield from self._fetched(job_id, resume, total=total)
        self._delete(job_id)

    def _create(self, *, include_deleted: bool) -> str:
        """Start the job and return its id."""
        body = {
            "operation": "queryAll" if include_deleted else "query",
            "query": str(self._query),
            "columnDelimiter": "COMMA",
            "lineEnding": "LF",
        }
        return self._jobs.created(self._query.object_name, body)

    def _wait(self, job_id: str, position: PagePosition, *, resumed: bool) -> int:
        """Wait until the job is complete and return its number of rows."""

        def late(problem: str) -> BulkJobRunningError:
            remedy = "run the same command again later: it attaches to this job"
            return BulkJobRunningError(problem, remedy=remedy, position=position)

        try:
            job = self._jobs.ended(job_id, self._params, late)
        except RefusedError as error:
            if error.code in _GONE:
                raise self._lost(job_id) from error
            raise
        if job.get("state") != "JobComplete":
            raise self._failed(job_id, str(job.get("state")), job, resumed=resumed)
        return _whole_number(job, "numberRecordsProcessed", doing=self._doing)

    def _failed(
        self, job_id: str, state: str, job: Mapping[str, Any], *, resumed: bool
    ) -> ConnectorError:
        """Return the error of a job without a result; a job of an earlier run is made anew."""
        reason = str(job.get("errorMessage") or "Salesforce gives no reason")
        problem = f"{self._doing}: job {job_id} ended as {state}: {reason}"
        if resumed:
            return ResumeLostError(
                problem, remedy=f"pull {self._query.object_name} from its beginning"
            )
        remedy = (
            "ask the admin who aborted it, then run again: a new job is made"
            if state == "Aborted"
            else "correct what the text names, then run again: a new job is made"
        )
        code = "INVALID_FIELD" if _NO_FIELD.search(reason) else state
        return RefusedError(problem, remedy=remedy, code=code)

    def _fetched(self, job_id: str, start: PagePosition, *, total: int) -> Iterator[Page]:
        """Yield the pages, each fetched while the one before it is being stored."""
        if start.rows_so_far and start.next_locator is None:
            return  # the run before was cut off between its last page and the deletion
        rows_so_far = start.rows_so_far
        pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bulk-page")
        upcoming: Future[PageFile] | None = self._ahead(pool, job_id, start.next_locator)
        try:
            while upcoming is not None:
                download = upcoming.result()
                locator = download.next_locator
                upcoming = self._ahead(pool, job_id, locator) if locator else None
                rows_so_far += download.rows
                with download.spool:
                    if locator is None and rows_so_far != total:
                        raise self._incomplete(job_id, rows_so_far, total=total)
                    rows = download.read(self._query.fields)
                    yield Page(
                        header=self._query.fields,
                        rows=rows,
                        position=PagePosition(job_id, locator, rows_so_far),
                        total=total,
                    )
                    if not rows.were_read:
                        raise RuntimeError(
                            f"{self._doing}: a page was not read to its end before the next one"
                        )
        finally:
            self._abandoned.set()
            pool.shutdown(wait=False, cancel_futures=True)
            if upcoming is not None:
                upcoming.add_done_callback(_discard)

    def _ahead(
        self, pool: ThreadPoolExecutor, job_id: str, locator: str | None
    ) -> Future[PageFile]:
        """Start fetching a page in the background, with this context's event subscribers."""
        context = contextvars.copy_context()
        return pool.submit(context.run, self._page, job_id, locator)

    def _page(self, job_id: str, locator: str | None) -> PageFile:
        """Fetch one page to disk, again when the connection breaks."""
        try:
            return self._session.read(self._doing, lambda: self._download(job_id, locator))
        except RefusedError as error:
            if error.code in _GONE:
                raise self._lost(job_id) from error
            raise

    def _download(self, job_id: str, locator: str | None) -> PageFile:
        """Fetch one page to disk, once, and check it."""
        if self._abandoned.is_set():
            raise CancelledError  # another attempt would only hold up the end of the program
        asked: dict[str, str | int] = {"maxRecords": self._params.max_records}
        if locator is not None:
            asked["locator"] = locator
        # handed on open, and closed by whoever reads or discards the page
        spool = SpooledTemporaryFile[bytes](max_size=self._params.memory_bytes)
        scan = PageScan()
        try:
            with self._client.stream(
                "GET",
                self._jobs.url(f"/{job_id}/results"),
                params=asked,
                headers=self._jobs.headers("text/csv"),
            ) as response:
                self._jobs.noted(response)
                for chunk in response.iter_bytes():
                    if self._abandoned.is_set():
                        break
                    clean = chunk.replace(b"\x00", b"")  # long texts hold NUL now and then
                    scan.feed(clean)
                    spool.write(clean)
                following = _next_locator(response.headers)
                rows = _counted(response.headers, doing=self._doing)
            page = PageFile(spool, rows, following, scan, doing=self._doing)
            if not self._abandoned.is_set():
                page.check(self._query.fields)
                self._check_new(page, locator)
        except BaseException:
            spool.close()
            raise
        return page

    def _check_new(self, page: PageFile, locator: str | None) -> None:
        """Refuse a page that was sent before, and one that leads back to where we were.

        The first would be counted as rows that never came; the second fetched for ever.
        """
        if page.next_locator is not None and page.next_locator in {*self._visited, locator}:
            raise BadAnswerError(
                f"{self._doing}: page {locator} names {page.next_locator} as the next, which was "
                "fetched before",
                remedy=RUN_AGAIN,
            )
        if page.rows and page.scan.digest in self._digests:
            raise BadAnswerError(
                f"{self._doing}: page {locator} is the same as an earlier one", remedy=RUN_AGAIN
            )
        self._visited.add(locator)
        self._digests.add(page.scan.digest)

    def _delete(self, job_id: str) -> None:
        """Delete the job; one that stays behind costs nothing and goes after seven days."""
        try:
            self._session.read(self._doing, lambda: self._jobs.json("DELETE", f"/{job_id}"))
        except ConnectorError as error:
            emit("bulk.job_left_behind", job_id=job_id, reason=error.problem)

    def _lost(self, job_id: str) -> ResumeLostError:
        return ResumeLostError(
            f"{self._doing}: job {job_id} is gone from Salesforce (it is kept for seven days)",
            remedy=f"pull {self._query.object_name} from its beginning",
        )

    def _incomplete(self, job_id: str, rows: int, *, total: int) -> ResumeLostError:
        return ResumeLostError(
            f"{self._doing}: job {job_id} processed {total:,} rows and its pages hold {rows:,}",
            remedy=f"pull {self._query.object_name} from its beginning",
        )


def _discard(future: Future[PageFile]) -> None:
    """Close a page that nobody will read."""
    if not future.cancelled() and future.exception() is None:
        future.result().spool.close()


def _next_locator(headers: Mapping[str, str]) -> str | None:
    """Return the next page's locator; None on the last page."""
    locator = headers.get("Sforce-Locator", "null")
    return None if locator in _LAST_PAGE else locator


def _counted(headers: Mapping[str, str], *, doing: str) -> int:
    """Return the rows that a page's header announces."""
    text = headers.get("Sforce-NumberOfRecords", "")
    if not text.isdigit():
        raise BadAnswerError(
            f"{doing}: a page does not say how many rows it has (Sforce-NumberOfRecords: {text!r})",
            remedy=RUN_AGAIN,
        )
    return int(text)


def _whole_number(job: Mapping[str, Any], key: str, *, doing: str) -> int:
    value = job.get(key)
    if not isinstance(value, int):
        raise BadAnswerError(f"{doing}: the job has no {key}", remedy=RUN_AGAIN)
    return value
