"""What every report on geography reads: located accounts, territories, and where drives begin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from sfterritory.errors import StepMissingError
from sfterritory.model.columns import Floats, Ids, Ints, TextColumn
from sfterritory.model.store.store import Store
from sfterritory.model.store.territory import Territory, TerritoryVersion
from sfterritory.model.travel import Points
from sfterritory.pipeline.people import TERRITORIES_FILE, People, load_people
from sfterritory.pipeline.records import PlacedRecords, latest_snapshot, load_placed
from sfterritory.settings.project import Settings

NOBODY = -1


@dataclass(frozen=True, slots=True)
class Seats:
    """Where drives begin: a rep's home, or the middle of a territory whose rep has none, (k,).

    Attributes:
        ids: User ids, '' for a territory without a rep.
        names: `Ann Lee`, or the territory's name.
        lon_deg, lat_deg: NaN where neither is known.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    lon_deg: Floats
    lat_deg: Floats

    @property
    def known(self) -> Ints:
        """Return the rows that have a place."""
        return np.flatnonzero(~np.isnan(self.lon_deg)).astype(np.int32)

    def places(self, seat: Ints) -> Points:
        """Return where some seats are; each of them has to be known."""
        return Points(self.lon_deg[seat], self.lat_deg[seat])


@dataclass(frozen=True, slots=True)
class GeoBook:
    """Located accounts in scope, in ascending order of id, n of them.

    Attributes:
        placed: Every account of the pull.
        rows: Where each account of the book stands among them.
        ids: Their ids.
        points: Where they are.
        hours: Workload of a year; 1 for each where nothing was built yet.
        seat: Row of the seat that each account is driven to from, -1 where nobody drives, (n,).
        seats: Of territories, or of today's owners where nothing was built yet.
        territories: In the order of seats; none where nothing was built yet.
        people: Users and queues.
        unlocated: Accounts without a place.
        notes: What the reader has to know.
    """

    placed: PlacedRecords
    rows: Ints
    ids: Ids
    points: Points
    hours: Floats
    seat: Ints
    seats: Seats
    territories: tuple[Territory, ...]
    people: People
    unlocated: int
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def weighed(self) -> bool:
        """Tell whether `hours` are hours, and not counts."""
        return bool(self.territories)

    def text(self, name: str) -> TextColumn:
        """Return a text field of the book's accounts."""
        column = self.placed.text(name)
        return TextColumn(column.codes[self.rows], column.vocabulary)

    def driven(self) -> tuple[Ints, Ints]:
        """Return the accounts that somebody drives to from a known place, and those seats."""
        known = np.append(~np.isnan(self.seats.lon_deg), False)
        row = np.flatnonzero(known[self.seat]).astype(np.int32)
        return row, self.seat[row]


def load_geo_book(settings: Settings, store: Store, *, now: datetime | None = None) -> GeoBook:
    """Return accounts in scope with the territories of the last build, or with today's owners.

    Raises:
        StepMissingError: Nothing was pulled, or no account is located and in scope.
        ConfigError: `scope` does not fit the org.
    """
    snapshot = latest_snapshot(store)
    scope = settings.territories.scope
    fields = ("Name", "OwnerId", *(sorted(scope.fields - {"Id"}) if scope else ()))
    placed = load_placed(store, "Account", fields)
    located = placed.places.located
    chosen = located.copy()
    if scope is not None:
        chosen &= placed.matching(scope, settings=settings, where=("scope",), file=TERRITORIES_FILE)
    rows = np.flatnonzero(chosen).astype(np.int32)
    if not len(rows):
        raise StepMissingError(
            f"none of {len(placed.records):,} accounts is located and in scope",
            remedy="correct addresses in Salesforce or `scope` in mappings/territories.yaml, "
            "then run `sfterritory pull` again",
        )
    people = load_people(settings, store)
    homes = _homes(store)
    version = store.territories.latest(as_of=now)
    ids = placed.records.ids[rows]
    territories: tuple[Territory, ...] = ()
    notes: tuple[str, ...] = ()
    if version is None:
        owners = TextColumn(placed.text("OwnerId").codes[rows], placed.text("OwnerId").vocabulary)
        seats, seat = _owner_seats(owners, people, homes)
        hours = np.ones(len(rows))
        notes = ("nothing was built yet: homes are those of today's owners, hours are counts",)
    else:
        territories = store.territories.territories(version.id)
        seats = _territory_seats(territories, people, homes)
        seat, hours = _aligned(store, version, ids, territories)
        if version.snapshot_id != snapshot.id:
            notes = ("territories are those of an earlier pull; build again",)
    return GeoBook(
        placed=placed,
        rows=rows,
        ids=ids,
        points=Points(placed.places.lon_deg[rows], placed.places.lat_deg[rows]),
        hours=hours,
        seat=seat,
        seats=seats,
        territories=territories,
        people=people,
        unlocated=int((~located).sum()),
        notes=notes,
    )


Homes = dict[str, tuple[float, float]]


def _homes(store: Store) -> Homes:
    kept = store.locations.of("User")
    found = kept.places.located
    pairs = zip(
        kept.places.lon_deg[found].tolist(), kept.places.lat_deg[found].tolist(), strict=True
    )
    return dict(zip(kept.ids[found].tolist(), pairs, strict=True))


def _owner_seats(owners: TextColumn, people: People, homes: Homes) -> tuple[Seats, Ints]:
    users = {one.id: one.name for one in people.users}
    ids = [one for one in owners.vocabulary if one in users]
    row_of = {one: row for row, one in enumerate(ids)}
    table = np.array([*(row_of.get(one, NOBODY) for one in owners.vocabulary), NOBODY], np.int32)
    seats = _seats(ids, [users[one] for one in ids], [homes.get(one) for one in ids])
    return seats, table[owners.codes]


def _territory_seats(territories: tuple[Territory, ...], people: People, homes: Homes) -> Seats:
    places = [
        homes.get(one.rep_id or "")
        or (
            (one.lon_deg, one.lat_deg)
            if one.lon_deg is not None and one.lat_deg is not None
            else None
        )
        for one in territories
    ]
    names = [people.names.get(one.rep_id or "") or one.name for one in territories]
    return _seats([one.rep_id or "" for one in territories], names, places)


def _seats(ids: list[str], names: list[str], places: list[tuple[float, float] | None]) -> Seats:
    filled = np.array([one or (np.nan, np.nan) for one in places], dtype=np.float64).reshape(-1, 2)
    return Seats(tuple(ids), tuple(names), filled[:, 0], filled[:, 1])


def _aligned(
    store: Store, version: TerritoryVersion, ids: Ids, territories: tuple[Territory, ...]
) -> tuple[Ints, Floats]:
    """Return each account's territory and hours; an account that came later has neither."""
    alignment = store.territories.alignment(version.id)
    row_of = {one.key: row for row, one in enumerate(territories)}
    table = [*(row_of[key] for key in alignment.territory.vocabulary), NOBODY]
    territory = np.array(table, dtype=np.int32)[alignment.territory.codes]
    at = np.minimum(np.searchsorted(alignment.account_ids, ids), max(len(alignment) - 1, 0))
    known = alignment.account_ids[at] == ids if len(alignment) else np.zeros(len(ids), np.bool_)
    seat = np.full(len(ids), NOBODY, dtype=np.int32)
    hours = np.zeros(len(ids))
    seat[known] = territory[at[known]]
    hours[known] = np.nan_to_num(alignment.hours_per_year[at[known]])
    return seat, hours
