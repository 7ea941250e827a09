"""The store: one database, and a room for each thing that is kept in it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType
from typing import Self

from sfterritory.errors import StoreError
from sfterritory.model.store.activity import ActivityRoom
from sfterritory.model.store.adjustment import AdjustmentRoom
from sfterritory.model.store.database import Database
from sfterritory.model.store.lease import leased
from sfterritory.model.store.location import LocationRoom
from sfterritory.model.store.migrate import prepare
from sfterritory.model.store.mirror import MirrorRoom
from sfterritory.model.store.override import OverrideRoom
from sfterritory.model.store.plan_room import DecisionRoom, PlanRoom
from sfterritory.model.store.route import RouteRoom
from sfterritory.model.store.run_room import RunRoom
from sfterritory.model.store.scenario import ScenarioRoom
from sfterritory.model.store.snapshot import SnapshotRoom
from sfterritory.model.store.territory import TerritoryRoom
from sfterritory.model.store.timeline import (
    FirstOwner,
    OwnerTurn,
    read_created,
    read_first_owners,
    read_owners_since,
    read_timeline,
)


def open_store(url: str, *, create: bool = True) -> Store:
    """Open a store, making or migrating it where needed.

    Args:
        url: `sqlite:///path/to/store.db` or `postgresql://user@host/database`.
        create: Make a store where there is none.

    Raises:
        StoreError: It cannot be reached, is not a store, was made by a newer version, or does not
            exist while `create` is False.
    """
    database = Database(url)
    try:
        prepare(database, create=create)
    except BaseException:
        database.close()
        raise
    return Store(database)


class Store:
    """An open store; close it, or use it as a context manager."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.mirror = MirrorRoom(database)
        self.snapshots = SnapshotRoom(database)
        self.locations = LocationRoom(database)
        self.territories = TerritoryRoom(database)
        self.scenarios = ScenarioRoom(database)
        self.routes = RouteRoom(database)
        self.plans = PlanRoom(database)
        self.decisions = DecisionRoom(database)
        self.runs = RunRoom(database)
        self.overrides = OverrideRoom(database)
        self.adjustments = AdjustmentRoom(database)
        self.log = ActivityRoom(database)

    @property
    def place(self) -> str:
        """Return the file's path, or the URL without its password."""
        return self._database.place

    def timeline(self, record_id: str) -> tuple[OwnerTurn, ...]:
        """Return every known change of a record's owner, oldest first."""
        with self._database.read() as connection:
            return read_timeline(connection, record_id)

    def first_owners(self, object_name: str) -> Mapping[str, FirstOwner]:
        """Return the first person known to have owned each record that ever changed owner."""
        with self._database.read() as connection:
            return read_first_owners(connection, object_name)

    def owners_since(self, object_name: str) -> Mapping[str, datetime]:
        """Return when each record last changed owner; nothing where no change is known."""
        with self._database.read() as connection:
            return read_owners_since(connection, object_name)

    def created(self, object_name: str) -> Mapping[str, datetime]:
        """Return when each record was created, by record id."""
        with self._database.read() as connection:
            return read_created(connection, object_name)

    def lease(self, name: str, holder: str) -> AbstractContextManager[None]:
        """Hold a lease for a block; see `lease.leased`.

        Raises:
            LockHeldError: Another holds it; at once, without waiting.
        """
        return leased(self._database, name, holder=holder)

    def check(self) -> None:
        """Read the whole store for damage: seconds on a large one, so `doctor` asks for it.

        Raises:
            StoreError: The file is damaged, or the server cannot be reached.
        """
        with self._database.read() as connection:
            if self._database.path is None:
                connection.exec_driver_sql("SELECT 1")
                return
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if found != "ok":
            raise StoreError(
                f"the store {self.place} is damaged: {found}",
                remedy="restore it from a backup, or delete it and pull again",
            )

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
