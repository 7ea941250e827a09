"""What routing runs on: checked rules, records with places, and who owns each one's territory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from sfterritory.errors import ConfigError, StepMissingError
from sfterritory.geography.territory_index import TerritoryIndex
from sfterritory.model.columns import Floats, Ids, Ints, TextColumn
from sfterritory.model.store.mirror_registry import MIRRORS
from sfterritory.model.store.store import Store
from sfterritory.model.store.territory import Alignment, Territory, TerritoryVersion
from sfterritory.pipeline.construction.refused import territories_missing, territories_outdated
from sfterritory.pipeline.field_list import extra_fields
from sfterritory.pipeline.override import override_owners
from sfterritory.pipeline.people import People
from sfterritory.pipeline.records import AREA_REACH_KM, PlacedRecords, load_placed, with_fields
from sfterritory.routing.field_kind import FieldKind, field_kinds
from sfterritory.routing.table import RoutingTable, resolve_rules
from sfterritory.routing.validation import check_rules
from sfterritory.settings.project import Settings

NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Territories:
    """The territories of one version, and how to find a record's."""

    version: TerritoryVersion
    rows: tuple[Territory, ...]
    alignment: Alignment

    def of_accounts(self, ids: Ids) -> Ints:
        """Return the row of each account's territory, -1 where it is in none."""
        spots = np.searchsorted(self.alignment.account_ids, ids)
        spots = np.minimum(spots, max(len(self.alignment) - 1, 0))
        known = (
            self.alignment.account_ids[spots] == ids
            if len(self.alignment)
            else np.zeros(len(ids), dtype=np.bool_)
        )
        row_of = {one.key: row for row, one in enumerate(self.rows)}
        table = np.array(
            [*(row_of[key] for key in self.alignment.territory.vocabulary), NOWHERE], dtype=np.int32
        )
        found = np.full(len(ids), NOWHERE, dtype=np.int32)
        found[known] = table[self.alignment.territory.codes[spots[known]]]
        return found

    def of_places(self, placed: PlacedRecords) -> tuple[Ints, Floats]:
        """Return the row of each record's territory by the areas, -1 for none, and how far outside.

        A record outside every area belongs to the nearest within reach; inside, kilometres are 0.
        """
        index = TerritoryIndex([_area(one.area_wkb) for one in self.rows], max_gap_km=AREA_REACH_KM)
        located = placed.places.located
        found = np.full(len(placed.records), NOWHERE, dtype=np.int32)
        outside_km = np.zeros(len(placed.records))
        places = placed.places.lon_deg[located], placed.places.lat_deg[located]
        found[located] = index.territories_at(*places)
        outside_km[located] = index.gaps_km(*places, found[located])
        return found, outside_km

    def names(self, rows: Ints) -> TextColumn:
        """Return the territories' names for rows of this version, missing for -1."""
        lookup: list[str | None] = [*(one.name for one in self.rows), None]
        return TextColumn.of([lookup[row] for row in rows.tolist()])

    def owners(self, rows: Ints, people: People) -> Ids:
        """Return who owns each row's territory, '' where nobody who can take records does."""
        able = {one.id for one in people.directory.people.values() if one.is_assignable}
        lookup = [one.rep_id if one.rep_id in able else "" for one in self.rows]
        table = np.array([*(rep_id or "" for rep_id in lookup), ""], dtype="U18")
        found: Ids = table[rows]
        return found


def _area(wkb: bytes) -> Polygon | MultiPolygon:
    area = shapely.from_wkb(wkb)
    if not isinstance(area, Polygon | MultiPolygon):
        raise TypeError(f"a territory's area is a {area.geom_type}, not a polygon")
    return area


@dataclass(frozen=True, slots=True)
class RoutableObject:
    """One object's records, ready to route.

    Attributes:
        territory: Row of the territory of each record, -1 for none.
        territory_owner: Its owner, '' for none.
        outside_km: How far the record lies outside that territory's area.
    """

    placed: PlacedRecords
    table: RoutingTable
    territory: Ints
    territory_owner: Ids
    outside_km: Floats


def load_territories(
    store: Store, *, snapshot_id: str, as_of: datetime | None = None
) -> Territories:
    """Return the territories that count at a moment, built from the latest pull.

    Raises:
        StepMissingError: None were built, or they were built from an older pull.
    """
    counting = store.territories.in_force(as_of=as_of)
    if counting is None:
        raise territories_missing(store)
    version = store.territories.get(counting.version_id)
    if version.snapshot_id != snapshot_id:
        if counting.scenario is None:
            raise territories_outdated(store, built_from=version.snapshot_id, pulled=snapshot_id)
        raise StepMissingError(
            f"the territories were built from snapshot {version.snapshot_id[:8]}, "
            f"and the last pull is {snapshot_id[:8]}",
            remedy=f"run `sfterritory scenario rebuild {counting.scenario}` again",
        )
    return Territories(
        version, store.territories.territories(version.id), store.territories.alignment(version.id)
    )


def load_routable(
    settings: Settings, store: Store, *, people: People, territories: Territories
) -> tuple[RoutableObject, ...]:
    """Return every object that the rule book routes, Account first, then by name.

    Raises:
        ConfigError: Lists every mistake of the rule book, with its line.
    """
    known = _known(settings, store)
    _check(settings, people, known)
    away = override_owners(store, at=territories.version.created_at)
    return tuple(
        _routable(settings, placed, people=people, territories=territories, away=away)
        for placed in known.values()
    )


def rule_problems(settings: Settings, store: Store, people: People) -> tuple[str, ...]:
    """Return every mistake of the rule book against the last pull, with its line."""
    return _rule_lines(settings, people, _known(settings, store))


def _known(settings: Settings, store: Store) -> dict[str, PlacedRecords]:
    """Return the records that rules may speak of; a wrong object name is left to the check."""
    names = sorted(settings.routing.objects, key=lambda name: (name != "Account", name))
    return {name: _placed(settings, store, name) for name in names if name in ("Account", "Lead")}


def _placed(settings: Settings, store: Store, object_name: str) -> PlacedRecords:
    # A field that a rule misspells was not pulled: the check of the rules names it, with its line.
    pulled = store.mirror.pulled()[object_name].fields
    extra = (name for name in extra_fields(settings, object_name) if name in pulled)
    return load_placed(store, object_name, (*_standard_fields(object_name), *extra))


def _standard_fields(object_name: str) -> tuple[str, ...]:
    return tuple(name for name in MIRRORS[object_name].columns if name not in {"Id", "IsDeleted"})


def _routable(
    settings: Settings,
    placed: PlacedRecords,
    *,
    people: People,
    territories: Territories,
    away: Mapping[str, str],
) -> RoutableObject:
    """Return one object's records with their territories and the owners of these.

    An account that left the book by an override (`away`, rep by account) belongs to the one whom
    the override names, though it lies in no territory.
    """
    object_name = placed.records.object_name
    rows, outside_km = (
        (territories.of_accounts(placed.records.ids), np.zeros(len(placed.records)))
        if object_name == "Account"
        else territories.of_places(placed)
    )
    table = resolve_rules(
        settings.routing,
        object_name,
        directory=people.directory,
        users=people.fields,
        lists=settings.lists,
    )
    named = with_fields(placed, {"territory": territories.names(rows)})
    owners = territories.owners(rows, people)
    if object_name == "Account" and away:
        able = {one.id for one in people.directory.people.values() if one.is_assignable}
        for row in np.flatnonzero(rows == NOWHERE).tolist():
            rep_id = away.get(str(placed.records.ids[row]))
            owners[row] = rep_id if rep_id in able else ""
    return RoutableObject(named, table, rows, owners, outside_km)


def _check(settings: Settings, people: People, known: Mapping[str, PlacedRecords]) -> None:
    lines = _rule_lines(settings, people, known)
    if lines:
        raise ConfigError("\n".join(lines), remedy="correct these lines; nothing was routed")


def _rule_lines(
    settings: Settings, people: People, known: Mapping[str, PlacedRecords]
) -> tuple[str, ...]:
    kinds: dict[str, Mapping[str, FieldKind]] = {
        name: {**field_kinds(placed.records), "territory": FieldKind.TEXT}
        for name, placed in known.items()
    }
    problems = check_rules(
        settings.routing,
        directory=people.directory,
        fields={**kinds, "User": people.kinds},
        lists=settings.lists,
        users=people.fields,
    )
    return tuple(
        settings.routing_file.problem(one.path, f"{one.text}; {one.remedy}") for one in problems
    )
