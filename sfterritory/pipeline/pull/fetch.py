"""One object's pull: its pages into the store, and what changes alone do not show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sfterritory.connectors.salesforce.faults import BadAnswerError, RefusedError, ResumeLostError
from sfterritory.connectors.salesforce.page import Page, PagePosition
from sfterritory.events import emit
from sfterritory.model.document import Document
from sfterritory.model.store.pull_state import Bookmark
from sfterritory.pipeline.pull.forecast import Api, ObjectForecast, api_for
from sfterritory.pipeline.pull.objects import REQUIRED_OBJECTS, is_counted, is_history
from sfterritory.pipeline.pull.planner import ABSENT, REST, Planned, Planner, absent
from sfterritory.pipeline.pull.request import ObjectRequest

ATTEMPTS = 3  # of an object whose answers are not whole; each begins after the last whole page
_NO_RESULT = frozenset({"Failed", "Aborted"})  # states of a Bulk job


class PulledObject(Document):
    """What one object's pull did.

    Attributes:
        fetched: Rows that Salesforce sent; the overlap is sent again each time.
        changed: Rows that differ from what the store held.
        gone: Rows that Salesforce no longer has, beside those it marked as deleted.
        unseen: Rows that Salesforce has and changes alone did not show, as after a change of
            rights; everything was read again for them.
        missing_fields: Fields that something names and the user cannot read.
        kept_fields: Those of them whose values stay as an earlier pull read them.
        type_changes: Fields whose type in Salesforce is another than at the last pull.
        calls_predicted: API calls, before they were made.
        calls_used: API calls that were made.
        skipped: Why the object was not pulled at all, '' where it was.
    """

    object_name: str
    api: str = ""
    full: bool = False
    resumed: bool = False
    fetched: int = 0
    changed: int = 0
    gone: int = 0
    unseen: int = 0
    missing_fields: tuple[str, ...] = ()
    kept_fields: tuple[str, ...] = ()
    type_changes: tuple[str, ...] = ()
    calls_predicted: int = 0
    calls_used: int = 0
    skipped: str = ""


@dataclass(slots=True)
class _Tally:
    """What was done for one object so far, over all attempts."""

    fetched: int = 0
    changed: int = 0
    gone: int = 0
    unseen: int = 0
    api: str = REST
    full: bool = False
    resumed: bool = False
    next_api: Api | None = None  # for what the forecast has counted; it is not counted again
    live_ids: list[str] = field(default_factory=list)  # of a result that came by REST


class Fetcher:
    """Pulls objects one after the other."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._params = planner.settings.salesforce.pull
        self._mirror = planner.store.mirror
        self._org = planner.org

    def pull(self, planned: Planned) -> PulledObject:
        """Bring one object up to date.

        Raises:
            LimitReachedError: It takes more API calls than may be used, so it was not begun.
            ConnectorError: Salesforce failed for good; running again goes on where this stopped.
        """
        if planned.request is None:
            return _skipped(planned.forecast, planned.forecast.skipped, planned.forecast.calls)
        before, name = self._org.calls, planned.request.object_name
        planning = self._planner.calls_of[name]
        self._org.check_calls(planned.forecast.calls - planning, doing=f"reading {name}")
        try:
            request, tally = self._settled(planned.request, api=planned.forecast.api)
        except RefusedError as error:
            if name in REQUIRED_OBJECTS or error.code not in ABSENT:
                raise
            self._mirror.forget_bookmark(name)
            return _skipped(planned.forecast, absent(error), planning + self._org.calls - before)
        return PulledObject(
            object_name=name,
            api=tally.api,
            full=tally.full,
            resumed=tally.resumed,
            fetched=tally.fetched,
            changed=tally.changed,
            gone=tally.gone,
            unseen=tally.unseen,
            missing_fields=request.missing,
            kept_fields=tuple(request.kept),
            type_changes=request.type_changes,
            calls_predicted=planned.forecast.calls,
            calls_used=planning + self._org.calls - before,
        )

    def _settled(self, request: ObjectRequest, *, api: Api) -> tuple[ObjectRequest, _Tally]:
        """Fetch until it is done; an object is begun anew at most once for each reason."""
        tally, name = _Tally(next_api=api), request.object_name
        tally.resumed = self._planner.unfinished(request) is not None
        broken = 0
        begun_anew = described_anew = False
        while True:
            try:
                self._fetch(request, tally)
            except ResumeLostError:
                if begun_anew:
                    raise
                begun_anew = True
                emit("pull.restarted", object=name)
                self._mirror.forget_bookmark(name)
            except BadAnswerError:
                broken += 1
                if broken == ATTEMPTS:
                    raise
                emit("pull.page_refused", object=name, attempt=broken)
            except RefusedError as error:
                if error.code in _NO_RESULT or error.code == "INVALID_FIELD":
                    self._mirror.forget_bookmark(name)  # the next run makes a new job
                if error.code != "INVALID_FIELD" or described_anew:
                    raise
                described_anew = True
                request = self._without_lost_fields(request, error)
            else:
                return request, tally

    def _without_lost_fields(self, request: ObjectRequest, error: RefusedError) -> ObjectRequest:
        """Return the request without the fields that vanished since the object was described."""
        name = request.object_name
        again = self._planner.request(name)
        if set(again.fields) == set(request.fields):
            raise error
        self._planner.check({name: again})
        emit("pull.described_again", object=name, fields=len(again.fields))
        return again

    def _fetch(self, request: ObjectRequest, tally: _Tally) -> None:
        """Read an object's changes, or all of it, and find what is gone."""
        mark = self._planner.unfinished(request)
        pages, start = (
            (self._resumed(request, mark), mark) if mark else self._started(request, tally)
        )
        tally.api = REST if start.job_id == REST else "bulk"
        tally.full = tally.full or (start.since is None and not request.mirror.read_whole)
        tally.live_ids.clear()
        for page in pages:
            self._store(request, page, start, tally)
        # Rows committed late carry an older stamp, so the next pull asks from before this start.
        overlap = timedelta(minutes=self._params.overlap_minutes)
        self._mirror.finish(request.object_name, request.pulled(start.started_at - overlap))
        if request.known and not is_history(request.object_name):
            self._find_gone(request, start, tally)

    def _store(self, request: ObjectRequest, page: Page, start: Bookmark, tally: _Tally) -> None:
        rows: Iterable[Sequence[str]] = page.rows
        if tally.api == REST and start.since is None:
            rows = _noting_live(page.header, rows, request=request, ids=tally.live_ids)
        loaded = self._mirror.load_page(
            request.object_name,
            page.header,
            rows,
            bookmark=Bookmark(
                job_id=page.position.job_id or REST,
                locator=page.position.next_locator,
                since=start.since,
                started_at=start.started_at,
            ),
            load=request.load,
        )
        tally.fetched += loaded.rows
        tally.changed += loaded.changed
        emit(
            "pull.progress",
            what=request.object_name,
            done=page.position.rows_so_far,
            total=page.total,
            unit="rows",
        )

    def _started(self, request: ObjectRequest, tally: _Tally) -> tuple[Iterator[Page], Bookmark]:
        """Return the pages of a new query, by the API that suits its size."""
        query, started_at = request.query, self._org.server_time()
        api, tally.next_api = tally.next_api or self._api(request), None
        deleted = not request.mirror.read_whole
        if api == "rest":
            mark = Bookmark(REST, None, request.since, started_at)
            return self._org.query_pages(query, include_deleted=deleted), mark
        mark = Bookmark("new", None, request.since, started_at)
        remember = self._remember(request, mark)
        return self._org.bulk_pages(query, include_deleted=deleted, on_job=remember), mark

    def _api(self, request: ObjectRequest) -> Api:
        rows = self._org.count(request.query) if is_counted(request.object_name) else None
        return api_for(rows, str(request.query), threshold=self._params.bulk_threshold)

    def _resumed(self, request: ObjectRequest, mark: Bookmark) -> Iterator[Page]:
        position = PagePosition(mark.job_id, mark.locator, mark.rows)
        return self._org.bulk_pages(request.query, resume=position)

    def _remember(self, request: ObjectRequest, mark: Bookmark) -> Callable[[str], None]:
        def remember(job_id: str) -> None:
            self._mirror.start(
                request.object_name, request.fields, bookmark=replace(mark, job_id=job_id)
            )

        return remember

    def _find_gone(self, request: ObjectRequest, start: Bookmark, tally: _Tally) -> None:
        """Mark what Salesforce no longer has; and read all where it has what changes hid.

        Deletions leave its recycle bin unseen, and a change of rights moves no stamp. Records are
        counted by their creation, which never moves, up to where late commits may begin; the ids
        of all are read only where the numbers differ.
        """
        name = request.object_name
        if start.since is None and tally.api == REST:
            tally.gone += self._mirror.reconcile(name, tally.live_ids)
            return
        settled_at = start.started_at - timedelta(minutes=self._params.overlap_minutes)
        dated = settled_at if "CreatedDate" in request.fields else None
        there = self._org.count(
            request.live(created_before=dated), include_deleted=request.shows_deleted
        )
        here = self._mirror.live_count(name, created_before=dated)
        if there < here:
            tally.gone += self._mirror.reconcile(name, self._ids(request))
        elif there > here and dated is not None and start.since is not None:
            tally.unseen += there - here
            emit("pull.unseen_rows", object=name, rows=there - here)
            self._fetch(replace(request, since=None), tally)

    def _ids(self, request: ObjectRequest) -> Iterator[str]:
        """Yield the id of every live row."""
        query, deleted = request.live(), request.shows_deleted
        small = self._org.count(query, include_deleted=deleted) <= self._params.bulk_threshold
        pages = (
            self._org.query_pages(query, include_deleted=deleted)
            if small
            else self._org.bulk_pages(query, include_deleted=deleted)
        )
        return (row[0] for page in pages for row in page.rows)


def _noting_live(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    request: ObjectRequest,
    ids: list[str],
) -> Iterator[Sequence[str]]:
    """Pass rows through, and keep the ids of those that are not deleted."""
    key = header.index(request.mirror.key)
    deleted = header.index("IsDeleted") if request.shows_deleted else None
    for row in rows:
        if deleted is None or row[deleted] != "true":
            ids.append(row[key])
        yield row


def _skipped(forecast: ObjectForecast, reason: str, calls: int) -> PulledObject:
    return PulledObject(
        object_name=forecast.object_name,
        skipped=reason,
        calls_predicted=forecast.calls,
        calls_used=calls,
    )
