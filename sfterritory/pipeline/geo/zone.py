"""Zones round a branch: an account, a user's home, or a point of the map."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from sfterritory.errors import ConfigError
from sfterritory.geography.zone import Zone, drive_zone, radius_zone
from sfterritory.model.document import Document
from sfterritory.model.ids import looks_like_id, to_18
from sfterritory.model.store.store import Store
from sfterritory.model.travel import Points, Quality, TravelTime
from sfterritory.pipeline.geo.book import GeoBook
from sfterritory.routing.problem import Problem


@dataclass(frozen=True, slots=True)
class Branch:
    """Where a zone has its middle, and what people call it."""

    name: str
    lon_deg: float
    lat_deg: float

    @property
    def point(self) -> Points:
        """Return it as the only one of some places."""
        return Points(np.array([self.lon_deg]), np.array([self.lat_deg]))


class ZoneRow(Document):
    """An account of the zone; None where there is no way to it."""

    account_id: str
    account: str
    minutes: float | None
    road_km: float | None
    straight_km: float
    quality: str
    rep: str


class ZoneReport(Document):
    """The accounts of a zone, nearest first.

    Attributes:
        radius_km: Straight distance that was asked for, or None;
        within_minutes: drive that was asked for, or None.
        asked: Drives that were asked for.
        source: What knew them.
        outline: GeoJSON geometry.
    """

    branch: str
    lon_deg: float
    lat_deg: float
    radius_km: float | None
    within_minutes: float | None
    accounts: int
    hours: float
    weighed: bool
    asked: int
    source: str
    members: tuple[ZoneRow, ...]
    outline: dict[str, Any]
    notes: tuple[str, ...]


def zone_report(
    book: GeoBook,
    travel: TravelTime,
    branch: Branch,
    *,
    radius_km: float | None,
    within_minutes: float | None,
) -> ZoneReport:
    """Return the zone round a branch: by straight distance, or else by drive.

    Raises:
        ConfigError: Neither limit is given, or both are.
    """
    if radius_km is not None and within_minutes is None:
        zone = radius_zone(branch.point, book.points, radius_km=radius_km, travel=travel)
    elif within_minutes is not None and radius_km is None:
        zone = drive_zone(branch.point, book.points, minutes=within_minutes, travel=travel)
    else:
        raise ConfigError(
            "a zone is either a radius or a drive", remedy="give --radius-km or --minutes"
        )
    return ZoneReport(
        branch=branch.name,
        lon_deg=branch.lon_deg,
        lat_deg=branch.lat_deg,
        radius_km=radius_km,
        within_minutes=within_minutes,
        accounts=len(zone),
        hours=round(float(book.hours[zone.member].sum()), 1),
        weighed=book.weighed,
        asked=zone.asked,
        source=zone.source,
        members=_rows(book, zone),
        outline=json.loads(shapely.to_geojson(zone.outline)),
        notes=book.notes,
    )


def branch_at(lon_deg: float, lat_deg: float) -> Branch:
    """Return a point of the map as a branch.

    Raises:
        ConfigError: It is no place on earth.
    """
    if abs(lon_deg) <= 180 and abs(lat_deg) <= 90:
        return Branch(f"{lon_deg:g}, {lat_deg:g}", lon_deg, lat_deg)
    swapped = abs(lat_deg) <= 180 and abs(lon_deg) <= 90
    raise ConfigError(
        f"longitude {lon_deg:g}, latitude {lat_deg:g} is no place on earth",
        remedy="put longitude first" if swapped else "give longitude and latitude in degrees",
    )


def branch_of_user(book: GeoBook, store: Store, ref: str) -> Branch:
    """Return a user's home as a branch.

    Raises:
        ConfigError: There is no such user, or the home is not located.
    """
    found = book.people.directory.resolve_user(ref)
    if isinstance(found, Problem):
        raise ConfigError(f"--user {ref}: {found.text}", remedy=found.remedy)
    return _located(store, "User", found, name=book.people.names[found])


def branch_of_account(book: GeoBook, store: Store, ref: str) -> Branch:
    """Return an account, by id or name, as a branch.

    Raises:
        ConfigError: There is no such account, several bear the name, or it is not located.
    """
    names, ids = book.placed.text("Name"), book.placed.records.ids
    if looks_like_id(ref):
        rows = np.flatnonzero(ids == to_18(ref)).tolist()
    else:
        wanted = [
            at for at, text in enumerate(names.vocabulary) if text.casefold() == ref.casefold()
        ]
        rows = np.flatnonzero(np.isin(names.codes, wanted)).tolist()
    if len(rows) != 1:
        raise ConfigError(
            f"--account {ref}: {len(rows) or 'no'} accounts bear that name or id",
            remedy="name one by its id",
        )
    return _located(store, "Account", str(ids[rows[0]]), name=names.value(rows[0]) or ref)


def _located(store: Store, object_name: str, record_id: str, *, name: str) -> Branch:
    kept = store.locations.of(object_name)
    rows = np.flatnonzero((kept.ids == record_id) & kept.places.located)
    if not len(rows):
        raise ConfigError(
            f"{name} is not located",
            remedy="correct the address in Salesforce and pull again, or give --at",
        )
    row = int(rows[0])
    return Branch(name, float(kept.places.lon_deg[row]), float(kept.places.lat_deg[row]))


def _rows(book: GeoBook, zone: Zone) -> tuple[ZoneRow, ...]:
    names = book.text("Name")
    reachable = zone.quality != Quality.UNREACHABLE
    return tuple(
        ZoneRow(
            account_id=str(book.ids[account]),
            account=names.value(account) or "",
            minutes=round(float(zone.minutes[at]), 1) if reachable[at] else None,
            road_km=round(float(zone.km[at]), 1) if reachable[at] else None,
            straight_km=round(float(zone.straight_km[at]), 1),
            quality=Quality(int(zone.quality[at])).name.lower(),
            rep=book.seats.names[int(book.seat[account])] if book.seat[account] >= 0 else "",
        )
        for at, account in enumerate(zone.member.tolist())
    )
