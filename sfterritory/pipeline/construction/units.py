"""Units: which accounts stay together, as `units` of the mappings says."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sfterritory.geography.grid import cell_of
from sfterritory.model.columns import Flags, Ints, Places
from sfterritory.model.store.store import Store
from sfterritory.optimize.family import (
    Families,
    FamilyLimits,
    families,
    family_units,
    wide_families,
)
from sfterritory.optimize.unit import UnitKeys, UnitKind, joined_units, unit_codes
from sfterritory.optimize.workload import calls_of
from sfterritory.pipeline.construction.book import Book
from sfterritory.pipeline.geo.claim import Addresses, ClaimedSet, claimed, county_codes
from sfterritory.pipeline.people import TERRITORIES_FILE
from sfterritory.routing.rules import Condition
from sfterritory.settings.project import Settings
from sfterritory.settings.territories import FamilyRule, UnitParams
from sfterritory.settings.yaml_file import KeyPath

# A family beyond this is named: one owner for all of it is a choice that costs.
_WIDE_KM = 500.0
_HEAVY_SHARE = 0.5  # of a mean territory's hours
_FAMILIES_NAMED = 5


def book_units(settings: Settings, store: Store, book: Book) -> tuple[Ints, tuple[str, ...]]:
    """Return the unit of each account, and notes on areas and families that are not what they seem.

    Raises:
        ConfigError: A set of areas or a condition does not fit the org.
    """
    params = settings.territories.units
    kind = UnitKind(params.by)
    keys, notes = _keys(settings, book, kind)
    units = unit_codes(kind, n=len(book.accounts), keys=keys)
    if not params.heeds_families:
        return units, notes
    family, family_notes = _families(settings, store, book)
    return joined_units(units, family), (*notes, *family_notes)


def _keys(settings: Settings, book: Book, kind: UnitKind) -> tuple[UnitKeys, tuple[str, ...]]:
    accounts, params = book.accounts, settings.territories.units
    country, postal_code = book.text("country_code"), book.text("postal_code")
    match kind:
        case UnitKind.ACCOUNT:
            return UnitKeys(), ()
        case UnitKind.POSTAL_CODE:
            return UnitKeys(country=country, postal_code=postal_code), ()
        case UnitKind.COUNTY:
            return UnitKeys(county=county_codes(settings, country, postal_code)), ()
        case UnitKind.CELL:
            cell = cell_of(accounts.lon_deg, accounts.lat_deg, width_km=params.cell_km)
            return UnitKeys(cell=cell), ()
        case UnitKind.AREA:
            sets = settings.territories.geography.area_sets
            accuracy = book.placed.places.accuracy[book.rows]
            chosen = next(one for one in sets if one.name == params.area_set)
            addresses = Addresses(
                country=country,
                subdivision=book.text("subdivision_code"),
                postal_code=postal_code,
                places=Places(accounts.lon_deg, accounts.lat_deg, accuracy),
            )
            found = claimed(settings, chosen, addresses)
            return UnitKeys(area=found.claims.first), tuple(_area_notes(chosen.name, found))


def _area_notes(name: str, found: ClaimedSet) -> Iterator[str]:
    """Yield what of a set of areas cannot be gone by: accounts in none, and in more than one."""
    yield from found.notes
    outside, twice = int((found.claims.first < 0).sum()), int((found.claims.second >= 0).sum())
    if outside:
        yield (
            f"{outside:,} of {len(found.claims.first):,} accounts lie in no area of {name}: each "
            "is a unit of its own"
        )
    if twice:
        yield f"{twice:,} accounts lie in several areas of {name}: each went with the first"


def _families(settings: Settings, store: Store, book: Book) -> tuple[Ints, tuple[str, ...]]:
    """Return the family of each account of the book; parents outside of it join theirs too."""
    params = settings.territories.units
    found = families(
        book.placed.records.ids,
        book.placed.text(params.parent),
        merged=store.mirror.masters("Account"),
    )
    units = family_units(found, apart=_apart(settings, book, found))[book.rows]
    calls = calls_of(book.accounts, params=settings.territories.workload)
    mean_hours = float(calls.service_hours.sum()) / len(book.roster)
    wide = wide_families(
        calls,
        units,
        starts=(book.roster.lon_deg, book.roster.lat_deg),
        limits=FamilyLimits(most_km=_WIDE_KM, most_hours=_HEAVY_SHARE * mean_hours),
        params=settings.territories.workload,
    )
    notes = [one.message(book.accounts.ids) for one in wide[:_FAMILIES_NAMED]]
    if len(wide) > _FAMILIES_NAMED:
        notes.append(f"{len(wide) - _FAMILIES_NAMED:,} more families are as far apart or as heavy")
    notes += [
        f"accounts {', '.join(book.placed.records.ids[rows].tolist())} are each other's parents: "
        "taken as one family; correct the parent of one of them"
        for rows in found.cycles[:_FAMILIES_NAMED]
    ]
    return units, tuple(notes)


def _apart(settings: Settings, book: Book, found: Families) -> Flags:
    """Return which accounts of the pull stand alone, as the rule of their family says."""
    params = settings.territories.units
    head = _heads(found)
    apart = _alone(settings, book, params, path=("units",))
    decided: Flags = np.zeros(len(apart), dtype=np.bool_)
    for at, rule in enumerate(params.family_rules):
        path = ("units", "family_rules", at)
        matching = _holds(settings, book, rule.when, path=(*path, "when"))[head] & ~decided
        apart[matching] = _alone(settings, book, rule, path=path)[matching]
        decided |= matching
    return apart


def _heads(found: Families) -> Ints:
    """Return the row that a family is known by: its ultimate parent's, else its first member's."""
    _, first = np.unique(found.family, return_index=True)
    head: Ints = np.where(found.root >= 0, found.root, first[found.family]).astype(np.int32)
    return head


def _alone(
    settings: Settings, book: Book, params: UnitParams | FamilyRule, *, path: KeyPath
) -> Flags:
    """Return which accounts stand alone, were this the rule for all of them."""
    if params.split is not None:
        return _holds(settings, book, params.split, path=(*path, "split"))
    return np.full(len(book.placed.records), params.families == "ignore")


def _holds(settings: Settings, book: Book, condition: Condition, *, path: KeyPath) -> Flags:
    return book.placed.matching(condition, settings=settings, where=path, file=TERRITORIES_FILE)
