"""The accounts of territories with both of their owners: what reports and maps are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from sfterritory.errors import ConfigError
from sfterritory.geography.areas import draw_areas
from sfterritory.model.columns import MISSING_CODE, AccountColumns, Floats, Ids, Ints, TextColumn
from sfterritory.model.sphere import group_medians, lon_lat, unit_vectors
from sfterritory.model.store.store import Store
from sfterritory.model.store.territory import Territory, TerritoryVersion
from sfterritory.optimize.params import WorkloadParams
from sfterritory.optimize.territory_figures import AccountFacts
from sfterritory.optimize.workload import Calls, calls_of
from sfterritory.pipeline.cadence import built_calls, call_fields
from sfterritory.pipeline.construction.refused import territories_missing
from sfterritory.pipeline.people import load_people
from sfterritory.pipeline.records import AREA_REACH_KM, load_placed
from sfterritory.pipeline.scenario_entry import find_scenario
from sfterritory.pipeline.territory_figures import Drawn
from sfterritory.pipeline.territory_metrics import VersionMetrics
from sfterritory.settings.project import Settings


class Side(StrEnum):
    """Which of the two is shown."""

    TERRITORIES = "territories"
    TODAY = "today"


@dataclass(frozen=True, slots=True)
class TerritoryBook:
    """A version's accounts that are still there and located, with both of their territories.

    Attributes:
        version: The territories as a whole.
        territories: Each of them, in ascending order of key.
        rep_names: Who has each, '' where nobody does.
        ids: Of the accounts, ascending, shape (n,).
        facts: Places and amounts of the accounts.
        after: Row of `territories` each account belongs to, -1 for none.
        before: Row of the territory whose rep owns it now, -1 where that is none of the reps.
        gone: Accounts of the version that are deleted or have no place any more.
        calls: What the accounts ask for.
        workload: What a call and a kilometre are worth.
    """

    version: TerritoryVersion
    territories: tuple[Territory, ...]
    rep_names: tuple[str, ...]
    ids: Ids
    facts: AccountFacts
    after: Ints
    before: Ints
    gone: int
    calls: Calls
    workload: WorkloadParams

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of the territories."""
        return tuple(one.key for one in self.territories)

    def owner(self, side: Side) -> Ints:
        """Return the territory of each account on one side."""
        return self.before if side is Side.TODAY else self.after

    def drawn(self, side: Side) -> Drawn:
        """Return the territories as they were built, or the books of today drawn likewise."""
        if side is Side.TERRITORIES:
            areas: tuple[BaseGeometry, ...] = tuple(
                shapely.from_wkb(one.area_wkb) for one in self.territories
            )
            lon, lat = self.centres
            return Drawn(self.keys, areas, lon, lat)
        facts = self.facts
        found = draw_areas(
            facts.lon_deg,
            facts.lat_deg,
            self.before,
            len(self.territories),
            reach_km=AREA_REACH_KM,
        )
        return Drawn(self.keys, found.polygons, *self._middles())

    @property
    def centres(self) -> tuple[Floats, Floats]:
        """Return where each territory's distances start, NaN for unknown."""
        lon = [np.nan if one.lon_deg is None else one.lon_deg for one in self.territories]
        lat = [np.nan if one.lat_deg is None else one.lat_deg for one in self.territories]
        return np.array(lon, dtype=np.float64), np.array(lat, dtype=np.float64)

    def _middles(self) -> tuple[Floats, Floats]:
        """Return the middle of each of today's books."""
        held = self.before >= 0
        vectors = unit_vectors(self.facts.lon_deg[held], self.facts.lat_deg[held])
        middles = group_medians(
            vectors,
            self.facts.hours[held],
            groups=self.before[held],
            n_groups=len(self.territories),
        )
        lon, lat = lon_lat(middles)
        return lon, lat


def load_territory_book(
    settings: Settings,
    store: Store,
    *,
    now: datetime,
    scenario: str | None = None,
    overlay: str | None = None,
) -> TerritoryBook:
    """Return the accounts of the territories that count now, or of those that are named.

    Args:
        settings: Of the project.
        store: Where all is kept.
        now: Decides which territories count.
        scenario: Take those of a scenario instead.
        overlay: Take those of a further team. Salesforce has one owner of an account, so what
            such a team has today is what its territories say.

    Raises:
        StepMissingError: No territories were built yet.
        ConfigError: There is no such scenario or overlay.
    """
    version = team_version(store, find_version(store, now=now, scenario=scenario), overlay=overlay)
    territories = store.territories.territories(version.id)
    alignment = store.territories.alignment(version.id)
    worth = settings.salesforce.account.value
    fields = ("OwnerId", worth, *call_fields(settings, store, version))
    placed = load_placed(store, "Account", (name for name in fields if name))
    located = np.flatnonzero(placed.places.located)
    aligned = np.flatnonzero(alignment.territory.codes != MISSING_CODE)
    ids, spot, placed_spot = np.intersect1d(
        alignment.account_ids[aligned],
        placed.records.ids[located],
        assume_unique=True,
        return_indices=True,
    )
    in_alignment, rows = aligned[spot], located[placed_spot]
    row_of_key = {one.key: row for row, one in enumerate(territories)}
    row_of_rep = {one.rep_id: row for row, one in enumerate(territories) if one.rep_id}
    names = load_people(settings, store).names
    asked = built_calls(
        settings,
        store,
        version,
        placed=placed,
        rows=rows,
        accepted_at=version.created_at,
        overlay=overlay,
    )
    lon_deg, lat_deg = placed.places.lon_deg[rows], placed.places.lat_deg[rows]
    after = _rows_of(alignment.territory, row_of_key)[in_alignment]
    owned = _rows_of(placed.text("OwnerId"), row_of_rep)[rows]
    before = after if overlay is not None else owned
    accounts = AccountColumns(
        ids=ids,
        lon_deg=lon_deg,
        lat_deg=lat_deg,
        value_usd=np.maximum(np.nan_to_num(placed.number(worth)[rows], posinf=0.0), 0.0),
        calls_per_year=asked.calls_per_year,
        visit_minutes=asked.visit_minutes,
        rep=before,
        locked=alignment.locked[in_alignment],
    )
    workload = settings.territories.workload
    return TerritoryBook(
        version=version,
        territories=territories,
        rep_names=tuple(names.get(one.rep_id or "", one.rep_id or "") for one in territories),
        ids=ids,
        facts=AccountFacts(
            lon_deg=lon_deg,
            lat_deg=lat_deg,
            hours=np.nan_to_num(alignment.hours_per_year[in_alignment]),
            amounts={"value_usd": accounts.value_usd},
        ),
        after=after,
        before=before,
        gone=len(aligned) - len(ids),
        calls=calls_of(accounts, params=workload),
        workload=workload,
    )


def outside_own_area(book: TerritoryBook, side: Side, drawn: Drawn) -> Ints:
    """Return how many accounts of each territory lie outside its area, shape (k,)."""
    owner = book.owner(side)
    outside = np.zeros(len(drawn.keys), dtype=np.int32)
    order = np.argsort(owner, kind="stable")
    bounds = np.searchsorted(owner[order], np.arange(len(drawn.keys) + 1))
    for row, area in enumerate(drawn.areas):
        mine = order[bounds[row] : bounds[row + 1]]
        shapely.prepare(area)
        inside = shapely.intersects_xy(area, book.facts.lon_deg[mine], book.facts.lat_deg[mine])
        outside[row] = len(mine) - int(np.count_nonzero(inside))
    return outside


def find_version(store: Store, *, now: datetime, scenario: str | None = None) -> TerritoryVersion:
    """Return the owners' territories that count at a moment, or those of a scenario.

    Raises:
        StepMissingError: No territories were built yet.
        ConfigError: There is no such scenario.
    """
    if scenario is not None:
        return store.territories.get(find_scenario(store, scenario).version_id)
    version = store.territories.latest(as_of=now)
    if version is None:
        raise territories_missing(store)
    return version


def team_version(
    store: Store, version: TerritoryVersion, *, overlay: str | None
) -> TerritoryVersion:
    """Return the version itself, or that of a further team that was built with it.

    Raises:
        ConfigError: There is no such overlay.
    """
    if overlay is None:
        return version
    overlays = VersionMetrics.of(version.metrics).overlays
    if overlay not in overlays:
        known = ", ".join(sorted(overlays)) or "none"
        raise ConfigError(
            f"these territories have no overlay {overlay!r}, only {known}",
            remedy="name one of `overlays` in mappings/territories.yaml, and build again",
        )
    return store.territories.get(overlays[overlay])


def _rows_of(column: TextColumn, row_of: Mapping[str, int]) -> Ints:
    table = [*(row_of.get(text, -1) for text in column.vocabulary), -1]
    return np.array(table, dtype=np.int32)[column.codes]
