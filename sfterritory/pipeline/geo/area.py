"""Sets of areas: how accounts and homes fall into them, gaps and overlaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import shapely

from sfterritory.errors import ConfigError
from sfterritory.geography.area_set import Claims, claims_by_polygon
from sfterritory.geography.containment import area_km2, overlaps
from sfterritory.geography.leg import Shapes
from sfterritory.geography.params import GeographyParams
from sfterritory.model.columns import Flags, Places, TextColumn
from sfterritory.model.document import Document
from sfterritory.model.store.store import Store
from sfterritory.model.travel import Points
from sfterritory.pipeline.geo.book import GeoBook
from sfterritory.pipeline.geo.claim import Addresses, ClaimedSet, addresses_of, claimed
from sfterritory.settings.project import Settings

WHY_UNKNOWN: Mapping[str, str] = {
    "country": "the country is not known",
    "state": "the state is not known",
    "county": "no county is known for the postal code",
    "metro": "the file names no metro for the postal code",
    "postal_code": "the postal code is not known",
    "polygon": "it is not located",
    "territory": "it is not located",
}
TERRITORIES, TERRITORY = "territories", "territory"
NO_CLAIM = "no area claims it"


class AreaRow(Document):
    """One area; `km2` where it is a polygon."""

    name: str
    accounts: int
    hours: float
    homes: int
    km2: float | None = None


class GapRow(Document):
    """An account that no area claims, and why."""

    account_id: str
    account: str
    address: str
    why: str


class OverlapRow(Document):
    """Two areas that claim the same: accounts, and land where they are polygons."""

    first: str
    second: str
    accounts: int
    km2: float | None = None


class AreaSetReport(Document):
    """One set of areas.

    Attributes:
        gaps: Accounts in scope that no area claims, by reason.
        gap_accounts: Those accounts.
        overlaps: Pairs of areas that claim the same account or land.
        unused: Codes, patterns or areas that no account has.
    """

    name: str
    by: str
    areas: tuple[AreaRow, ...]
    gaps: dict[str, int]
    gap_accounts: tuple[GapRow, ...]
    overlaps: tuple[OverlapRow, ...]
    unused: tuple[str, ...]
    notes: tuple[str, ...]


class AreaReport(Document):
    """Every set of areas that the mappings name."""

    accounts: int
    weighed: bool
    sets: tuple[AreaSetReport, ...]
    notes: tuple[str, ...]


def area_report(
    settings: Settings, params: GeographyParams, store: Store, book: GeoBook
) -> AreaReport:
    """Return how the accounts and homes of a book fall into each set of areas.

    The areas of the last build are a set too, the first one.

    Raises:
        ConfigError: The mappings name no set and nothing was built, or a set is wrong.
    """
    if not params.area_sets and not book.territories:
        raise ConfigError(
            "mappings/territories.yaml: geography.area_sets names no set of areas, "
            "and no territories were built",
            remedy="add a set, for example `- {name: states, by: state}`",
        )
    homes = _home_addresses(store, book)
    accounts = addresses_of(book.placed, book.rows)
    sets = [_drawn_territories(book, accounts, homes)] if book.territories else []
    for one in params.area_sets:
        found, at_home = claimed(settings, one, accounts), claimed(settings, one, homes)
        sets.append(_set_report((one.name, one.by), book, found, at_home.claims))
    return AreaReport(accounts=len(book), weighed=book.weighed, sets=tuple(sets), notes=book.notes)


def _home_addresses(store: Store, book: GeoBook) -> Addresses:
    """Return the addresses of those who have a territory (or, before a build, own accounts)."""
    kept = store.locations.of("User")
    rows = np.flatnonzero(np.isin(kept.ids, sorted({one for one in book.seats.ids if one})))

    def taken(column: TextColumn) -> TextColumn:
        return TextColumn(column.codes[rows], column.vocabulary)

    return Addresses(
        country=taken(kept.country_code),
        subdivision=taken(kept.subdivision_code),
        postal_code=taken(kept.postal_code),
        places=Places(
            kept.places.lon_deg[rows], kept.places.lat_deg[rows], kept.places.accuracy[rows]
        ),
    )


def _drawn_territories(book: GeoBook, accounts: Addresses, homes: Addresses) -> AreaSetReport:
    """Return the areas of the last build as a set: what lies outside them, and what in two."""
    drawn = [shapely.from_wkb(one.area_wkb) if one.area_wkb else None for one in book.territories]
    shapes = np.array([one or shapely.Polygon() for one in drawn], dtype=np.object_)
    names = tuple(one.name for one in book.territories)

    def claims(addresses: Addresses) -> Claims:
        places = addresses.places
        points = Points(places.lon_deg, places.lat_deg)
        return claims_by_polygon(points, places.located, shapes, names=names)

    found = ClaimedSet(claims(accounts), shapes, ())
    return _set_report((TERRITORIES, TERRITORY), book, found, claims(homes))


def _set_report(
    title: tuple[str, str], book: GeoBook, found: ClaimedSet, homes: Claims
) -> AreaSetReport:
    """Return the report of a set by its name and what its areas are made of."""
    claims, (name, by) = found.claims, title
    count = len(claims.names)
    inside = claims.first >= 0
    members = np.bincount(claims.first[inside], minlength=count).tolist()
    hours = np.bincount(claims.first[inside], book.hours[inside], count).tolist()
    sizes = [None] * count if found.shapes is None else area_km2(found.shapes).round(1).tolist()
    # Without areas in the mappings, accounts and homes are named by what each of them has.
    at_home = Counter(homes.names[one] for one in homes.first.tolist() if one >= 0)
    rows = [
        AreaRow(
            name=area,
            accounts=members[number],
            hours=round(hours[number], 1),
            homes=at_home[area],
            km2=sizes[number],
        )
        for number, area in enumerate(claims.names)
    ]
    gaps = _gaps(book, claims, why_unknown=WHY_UNKNOWN[by])
    return AreaSetReport(
        name=name,
        by=by,
        areas=tuple(sorted(rows, key=lambda row: (-row.hours, row.name))),
        gaps=dict(sorted(Counter(one.why for one in gaps).items())),
        gap_accounts=gaps,
        overlaps=_overlaps(claims, found.shapes),
        unused=claims.unused,
        notes=found.notes,
    )


def _gaps(book: GeoBook, claims: Claims, *, why_unknown: str) -> tuple[GapRow, ...]:
    names, rows = book.text("Name"), np.flatnonzero(claims.first < 0)
    parts = [
        book.text(name) for name in ("city", "subdivision_code", "postal_code", "country_code")
    ]
    return tuple(
        GapRow(
            account_id=str(book.ids[row]),
            account=names.value(row) or "",
            address=", ".join(filter(None, (part.value(row) for part in parts))),
            why=NO_CLAIM if claims.known[row] else why_unknown,
        )
        for row in rows.tolist()
    )


def _overlaps(claims: Claims, shapes: Shapes | None) -> tuple[OverlapRow, ...]:
    twice: Flags = claims.second >= 0
    accounts = Counter(
        zip(claims.first[twice].tolist(), claims.second[twice].tolist(), strict=True)
    )
    land: dict[tuple[int, int], float] = {}
    if shapes is not None:
        first, second, km2 = overlaps(shapes)
        pairs = zip(first.tolist(), second.tolist(), strict=True)
        land = dict(zip(pairs, km2.round(2).tolist(), strict=True))
        # An account on a border that two areas share lies in both; only land makes an overlap.
        accounts = Counter({pair: some for pair, some in accounts.items() if pair in land})
    return tuple(
        OverlapRow(
            first=claims.names[pair[0]],
            second=claims.names[pair[1]],
            accounts=accounts[pair],
            km2=land.get(pair),
        )
        for pair in sorted({*accounts, *land})
    )
