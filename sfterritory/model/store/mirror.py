"""The room of the mirror: pages in, columns and single records out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import cast

from sfterritory.model.columns import RecordColumns, TextColumn
from sfterritory.model.document import Scalar
from sfterritory.model.store import activity_date, loader, merges, people, pull_state, reading
from sfterritory.model.store.column_type import Kind
from sfterritory.model.store.database import Database
from sfterritory.model.store.mirror_registry import MIRRORS, mirror_of
from sfterritory.model.store.page_sql import PageLoad
from sfterritory.model.store.people import OwnerHistoryEntry, QueueRecord, UserRecord
from sfterritory.model.store.pull_state import Bookmark, Pulled

# SQLite looks every row of a page up; with a cache of 2 MB a load took 2.5 times as long.
LOAD_CACHE_MB = 64


@dataclass(frozen=True, slots=True)
class LoadedPage:
    """What one page did: its rows, how many of them changed the mirror, and where to go on."""

    rows: int
    changed: int
    bookmark: Bookmark


class MirrorRoom:
    """The mirrored records of Salesforce."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Pulling

    def pulled(self) -> Mapping[str, Pulled]:
        """Return what completed pulls left, by object name."""
        with self._database.read() as connection:
            return pull_state.read_pulled(connection)

    def bookmark(self, object_name: str, fields: Sequence[str]) -> Bookmark | None:
        """Return where an unfinished pull of these fields goes on, None where there is none."""
        with self._database.read() as connection:
            found = pull_state.read_bookmark(connection, mirror_of(object_name).object_name)
        if found is None or found[1] != pull_state.fields_hash(fields):
            return None
        return found[0]

    def start(self, object_name: str, fields: Sequence[str], *, bookmark: Bookmark) -> None:
        """Record a job before its first page, so that a killed pull finds it again."""
        name = mirror_of(object_name).object_name
        with self._database.write() as connection:
            pull_state.write_bookmark(connection, name, fields=fields, bookmark=bookmark)

    def forget_bookmark(self, object_name: str) -> None:
        """Drop an unfinished pull whose job is gone; the rows that it loaded stay."""
        name = mirror_of(object_name).object_name
        with self._database.write() as connection:
            pull_state.clear_bookmark(connection, name)

    def load_page(
        self,
        object_name: str,
        header: Sequence[str],
        rows: Iterable[Sequence[str]],
        *,
        bookmark: Bookmark,
        load: PageLoad | None = None,
    ) -> LoadedPage:
        """Store a page of text cells together with the bookmark of what follows it.

        Blank cells are NULL, flags `true` and `false`, date-times ISO 8601 with an offset. Whatever
        the iteration of `rows` raises goes through, and nothing of the page stays.

        Args:
            object_name: `Account`.
            header: Salesforce field names in the order of the cells; `Id` and the cursor field
                are among them. Fields without a column of their own go into `extra`.
            rows: Cells of one record each; PostgreSQL takes `bulk.CsvRows` as CSV.
            bookmark: The job and the locator of the page that follows; its `rows` and `pages` are
                set by the store, which adds this page to those of the same job.
            load: What else is known of the pages of this pull.

        Raises:
            StoreError: A cell does not have the type of its column, or the database failed.
        """
        mirror = mirror_of(object_name)
        with self._database.write(cache_mb=LOAD_CACHE_MB) as connection:
            before = pull_state.read_bookmark(connection, object_name)
            if loader.is_empty(connection, mirror):
                loader.drop_secondary_indexes(connection, mirror)
            merged = loader.upsert_page(connection, object_name, header, rows, load=load)
            old = before[0] if before and before[0].job_id == bookmark.job_id else None
            after = replace(
                bookmark,
                rows=merged.rows + (old.rows if old else 0),
                pages=1 + (old.pages if old else 0),
            )
            pull_state.write_bookmark(connection, object_name, fields=header, bookmark=after)
        return LoadedPage(merged.rows, merged.changed, after)

    def finish(self, object_name: str, pulled: Pulled) -> None:
        """Record that everything up to the watermark is in the store, and drop the bookmark."""
        mirror = mirror_of(object_name)
        with self._database.write() as connection:
            loader.create_secondary_indexes(connection, mirror)
            pull_state.write_pulled(connection, object_name, pulled)
            pull_state.clear_bookmark(connection, object_name)

    def reconcile(self, object_name: str, live_ids: Iterable[str]) -> int:
        """Mark every record that is not among the ids as deleted; return how many that were.

        For what a pull of changes cannot show: records removed for good, or no longer visible.
        """
        mirror = mirror_of(object_name)
        with self._database.write() as connection:
            return loader.mark_missing(connection, mirror, live_ids)

    def live_count(self, object_name: str, *, created_before: datetime | None = None) -> int:
        """Return how many live records an object has, or only those created before a time."""
        mirror = mirror_of(object_name)
        with self._database.read() as connection:
            return loader.live_count(connection, mirror, created_before=created_before)

    def follow_merges(self) -> int:
        """Let every reference to a record that was merged away name the winner.

        Salesforce moves the children of a losing record by itself; this is for those that a pull
        has not seen again, and for those that were read before the merge.

        Returns:
            How many references changed.
        """
        with self._database.write() as connection:
            return merges.follow(connection)

    # Reading

    def masters(self, object_name: str) -> Mapping[str, str]:
        """Return the record that each merged one lives on in, by id, through any chain."""
        with self._database.read() as connection:
            return merges.masters(connection, object_name)

    def last_activities(self, today: date) -> Mapping[str, date]:
        """Return the day of each account's last completed task or past event, by account id."""
        with self._database.read() as connection:
            return activity_date.last_activities(connection, today)

    def owner_activities(self) -> Mapping[str, int]:
        """Return how many completed tasks and events the owner of each account has with it."""
        with self._database.read() as connection:
            return activity_date.owner_activities(connection)

    def columns(
        self,
        object_name: str,
        fields: Sequence[str],
        *,
        kinds: Mapping[str, Kind] | None = None,
    ) -> RecordColumns:
        """Return live records in ascending order of id; 80,000 rows of 20 fields take about 1 s.

        Text gives a TextColumn, numbers a NumberColumn, check boxes a FlagColumn, dates and
        date-times a TimeColumn. A field without a column of its own is of the kind that `kinds`,
        then the last pull says, then of the kind that its values have.

        Raises:
            StepMissingError: A field has not been pulled.
        """
        with self._database.read() as connection:
            return reading.read_columns(connection, object_name, fields, kinds=kinds or {})

    def owners(self, object_name: str) -> Mapping[str, str | None]:
        """Return the owner of every live record, by record id in ascending order."""
        columns = self.columns(object_name, ["OwnerId"])
        owner = cast("TextColumn", columns.fields["OwnerId"])
        return dict(zip(columns.ids.tolist(), owner.values(), strict=True))

    def record(self, object_name: str, record_id: str) -> Mapping[str, Scalar] | None:
        """Return one record, deleted or not, by Salesforce field name; instants as text."""
        with self._database.read() as connection:
            return reading.read_record(connection, object_name, record_id)

    def counts(self) -> Mapping[str, int]:
        """Return how many live records each object has."""
        with self._database.read() as connection:
            return {name: loader.live_count(connection, m) for name, m in sorted(MIRRORS.items())}

    def users(self) -> tuple[UserRecord, ...]:
        """Return every user, inactive ones too, in ascending order of id."""
        with self._database.read() as connection:
            return people.read_users(connection)

    def queues(self) -> tuple[QueueRecord, ...]:
        """Return every queue with the objects it may own, in ascending order of id."""
        with self._database.read() as connection:
            return people.read_queues(connection)

    def owner_history(self, record_id: str) -> tuple[OwnerHistoryEntry, ...]:
        """Return the history rows of one record's owner, ids only, oldest first."""
        with self._database.read() as connection:
            return people.read_owner_history(connection, record_id)
