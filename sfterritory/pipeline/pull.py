"""Pull: bring what changed in Salesforce into the store, page by page, resumable at any point."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sfterritory.connectors.salesforce import soql
from sfterritory.connectors.salesforce.description import ObjectDescription, readable_fields
from sfterritory.connectors.salesforce.faults import RefusedError, ResumeLostError
from sfterritory.connectors.salesforce.org import SalesforceOrg
from sfterritory.connectors.salesforce.page import Page, PagePosition
from sfterritory.errors import ConfigError
from sfterritory.events import emit
from sfterritory.model.document import Document
from sfterritory.model.store.column_type import Kind
from sfterritory.model.store.mirror_registry import MIRRORS
from sfterritory.model.store.people import OWNER_FIELDS
from sfterritory.model.store.pull_state import Bookmark
from sfterritory.model.store.store import Store
from sfterritory.pipeline.field_list import wanted_fields
from sfterritory.pipeline.locate import LocatedObject, locate_all
from sfterritory.settings.project import Settings

LEASE = "pull"

# Owners first, so that a pull cut off in the middle never holds records of unknown owners.
REQUIRED_OBJECTS = ("User", "Group", "QueueSobject", "Account", "Lead")
# An org may have these switched off, or hide them from the integration user.
OPTIONAL_OBJECTS = ("Contact", "Opportunity", "Case", "AccountHistory", "LeadHistory")

_REST = "rest"  # a bookmark without a job: such a pull is small, and starts over
_KINDS = {
    "boolean": Kind.FLAG,
    "currency": Kind.NUMBER,
    "date": Kind.DAY,
    "datetime": Kind.INSTANT,
    "double": Kind.NUMBER,
    "int": Kind.NUMBER,
    "long": Kind.NUMBER,
    "percent": Kind.NUMBER,
}


class PulledObject(Document):
    """What one object's pull did.

    Attributes:
        fetched: Rows that Salesforce sent; the overlap is sent again each time.
        changed: Rows that differ from what the store held.
        gone: Rows found missing by a full pull, beside those marked as deleted.
        missing_fields: Fields that mappings/ name and the user cannot read.
        skipped: Why the object was not pulled at all, '' where it was.
    """

    object_name: str
    api: str = ""
    full: bool = False
    resumed: bool = False
    fetched: int = 0
    changed: int = 0
    gone: int = 0
    missing_fields: tuple[str, ...] = ()
    skipped: str = ""


class PullReport(Document):
    """What a pull did, and which snapshot the store holds now."""

    org_id: str
    snapshot_id: str
    loaded: int
    objects: tuple[PulledObject, ...]
    located: tuple[LocatedObject, ...]
    api_calls_used: int | None
    api_calls_allowed: int | None


def pull(
    settings: Settings,
    store: Store,
    org: SalesforceOrg,
    *,
    now: datetime,
    holder: str,
    full: bool = False,
) -> PullReport:
    """Fetch, store, normalise and locate; a second pull without a change loads 0 rows.

    Raises:
        ConfigError: The org is not the one that the project or the store is about.
        LockHeldError: Another pull runs.
        ConnectorError: Salesforce failed for good; running again goes on where this stopped.
    """
    with store.lease(LEASE, holder):
        check_org(settings, store, org.org_id)
        puller = _Puller(settings, store, org, full=full)
        pulled = [puller.required(name) for name in REQUIRED_OBJECTS]
        pulled += [puller.optional(name) for name in OPTIONAL_OBJECTS]
        located = locate_all(settings, store)
        snapshot = store.snapshots.take(now, org_id=org.org_id)
    usage = org.api_usage
    report = PullReport(
        org_id=org.org_id,
        snapshot_id=snapshot.id,
        loaded=sum(one.changed + one.gone for one in pulled),
        objects=tuple(pulled),
        located=located,
        api_calls_used=usage.used if usage else None,
        api_calls_allowed=usage.allowed if usage else None,
    )
    store.log.add(
        "pull",
        at=now,
        by=holder,
        facts={"org_id": org.org_id, "snapshot": snapshot.id, "loaded": report.loaded},
    )
    return report


def check_org(settings: Settings, store: Store, org_id: str) -> None:
    """Refuse to mix orgs.

    Raises:
        ConfigError: Names both orgs.
    """
    wanted = settings.project.org.id
    if wanted is not None and wanted != org_id:
        raise ConfigError(
            f"sfterritory.yaml is about org {wanted}, and the credentials open org {org_id}",
            remedy="use the credentials of the right org, or correct org.id",
        )
    snapshot = store.snapshots.latest()
    if snapshot is not None and snapshot.org_id != org_id:
        raise ConfigError(
            f"the store {store.place} holds org {snapshot.org_id}, "
            f"and the credentials open org {org_id}",
            remedy="keep a project folder for each org, or remove the store to start over",
        )


@dataclass(frozen=True, slots=True)
class _Request:
    """What to ask of one object.

    Attributes:
        since: From where changes are asked; None for everything.
        known: The object was pulled before, so a full pull has to find what is gone.
    """

    object_name: str
    fields: tuple[str, ...]
    missing: tuple[str, ...]
    kinds: dict[str, Kind]
    text_lengths: dict[str, int]
    since: datetime | None
    started_at: datetime
    known: bool

    @property
    def query(self) -> soql.Query:
        mirror = MIRRORS[self.object_name]
        conditions = []
        if self.since is not None:
            conditions.append(soql.condition(mirror.cursor, ">=", self.since))
        elif "IsDeleted" in self.fields:
            conditions.append(soql.condition("IsDeleted", "=", value=False))
        if self.object_name == "Group":
            conditions.append(soql.condition("Type", "=", "Queue"))
        if mirror.cursor == "CreatedDate":  # history: only owners matter here
            conditions.append(soql.among("Field", OWNER_FIELDS))
        return soql.select(self.object_name, self.fields, where=soql.every(conditions))


class _Puller:
    """Pulls objects one after the other."""

    def __init__(self, settings: Settings, store: Store, org: SalesforceOrg, *, full: bool) -> None:
        self._settings = settings
        self._params = settings.salesforce.pull
        self._store = store
        self._org = org
        self._full = full

    def optional(self, object_name: str) -> PulledObject:
        try:
            return self.required(object_name)
        except RefusedError as error:
            if error.code not in {"NOT_FOUND", "INVALID_TYPE"}:
                raise
            return PulledObject(object_name=object_name, skipped=error.problem)

    def required(self, object_name: str) -> PulledObject:
        try:
            return self._pull(object_name)
        except ResumeLostError:
            # The job of the run before is gone: this object starts anew, once.
            emit("pull.restarted", object=object_name)
            self._store.mirror.forget_bookmark(object_name)
            return self._pull(object_name)

    def _pull(self, object_name: str) -> PulledObject:
        request = self._request(object_name)
        mark = self._store.mirror.bookmark(object_name, request.fields)
        resumed = mark is not None and mark.job_id != _REST
        if mark is not None and resumed:
            pages, start = self._resumed(request, mark), mark
        else:
            pages, start = self._started(request)
        fetched = changed = 0
        for page in pages:
            loaded = self._store.mirror.load_page(
                object_name,
                page.header,
                page.rows,
                bookmark=Bookmark(
                    job_id=page.position.job_id or _REST,
                    locator=page.position.next_locator,
                    since=start.since,
                    started_at=start.started_at,
                ),
            )
            fetched += loaded.rows
            changed += loaded.changed
            emit(
                "pull.progress",
                what=object_name,
                done=page.position.rows_so_far,
                total=page.total,
                unit="rows",
            )
        # Rows committed late carry an older stamp, so the next pull asks from before this start.
        overlap = timedelta(minutes=self._params.overlap_minutes)
        self._store.mirror.finish(
            object_name,
            start.started_at - overlap,
            fields=request.fields,
            extra_kinds=request.kinds,
            text_lengths=request.text_lengths,
        )
        # History rows age out of Salesforce after two years, and stay here.
        ages_out = MIRRORS[object_name].cursor == "CreatedDate"
        repeats = request.known and start.since is None and not ages_out
        gone = self._reconcile(request) if repeats else 0
        return PulledObject(
            object_name=object_name,
            api="bulk" if start.job_id != _REST else _REST,
            full=start.since is None,
            resumed=resumed,
            fetched=fetched,
            changed=changed,
            gone=gone,
            missing_fields=request.missing,
        )

    def _request(self, object_name: str) -> _Request:
        description = self._org.describe(object_name)
        fields, missing = readable_fields(
            description,
            wanted_fields(self._settings, object_name),
            required=_required_fields(object_name),
        )
        started_at = self._org.server_time()
        known = object_name in self._store.mirror.pulled()
        since = None if self._full else self._store.mirror.watermark(object_name, fields)
        longest = timedelta(days=self._params.full_after_days)
        if since is not None and started_at - since > longest:
            since = None
        return _Request(
            object_name=object_name,
            fields=fields,
            # Users and queues have no recycle bin.
            missing=tuple(name for name in missing if name != "IsDeleted"),
            kinds=_kinds(description, fields),
            text_lengths=_text_lengths(description, fields),
            since=since,
            started_at=started_at,
            known=known,
        )

    def _started(self, request: _Request) -> tuple[Iterator[Page], Bookmark]:
        """Return the pages of a new query, by the API that suits its size."""
        query = request.query
        if self._org.count(query) <= self._params.bulk_threshold:
            mark = Bookmark(_REST, None, request.since, request.started_at)
            return self._org.query_pages(query, include_deleted=True), mark
        mark = Bookmark("new", None, request.since, request.started_at)
        pages = self._org.bulk_pages(
            query, include_deleted=True, on_job=self._remember(request, mark)
        )
        return pages, mark

    def _resumed(self, request: _Request, mark: Bookmark) -> Iterator[Page]:
        position = PagePosition(mark.job_id, mark.locator, mark.rows)
        return self._org.bulk_pages(request.query, include_deleted=True, resume=position)

    def _remember(self, request: _Request, mark: Bookmark) -> Callable[[str], None]:
        def remember(job_id: str) -> None:
            self._store.mirror.start(
                request.object_name,
                request.fields,
                bookmark=Bookmark(job_id, None, mark.since, mark.started_at),
            )

        return remember

    def _reconcile(self, request: _Request) -> int:
        """Mark what Salesforce no longer shows; deletions leave its recycle bin unseen."""
        query = soql.select(request.object_name, ["Id"], where=_only_queues(request.object_name))
        small = self._org.count(query) <= self._params.bulk_threshold
        pages = self._org.query_pages(query) if small else self._org.bulk_pages(query)
        live = (row[0] for page in pages for row in page.rows)
        return self._store.mirror.reconcile(request.object_name, live)


def _only_queues(object_name: str) -> str:
    return soql.condition("Type", "=", "Queue") if object_name == "Group" else ""


def _required_fields(object_name: str) -> tuple[str, ...]:
    cursor = MIRRORS[object_name].cursor
    if object_name in {"Account", "Lead"}:
        return ("Id", "OwnerId", "LastModifiedDate", cursor)
    return ("Id", cursor)


def _text_lengths(description: ObjectDescription, fields: tuple[str, ...]) -> dict[str, int]:
    described = (description.fields[name] for name in fields if name in description.fields)
    return {one.name: one.length for one in described if one.length > 0}


def _kinds(description: ObjectDescription, fields: tuple[str, ...]) -> dict[str, Kind]:
    return {
        name: _KINDS.get(description.fields[name].type, Kind.TEXT)
        for name in fields
        if name in description.fields and name not in MIRRORS[description.name].columns
    }
