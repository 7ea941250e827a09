"""Zones round a branch: the accounts within a distance or a drive, and the land they make up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from sfterritory.geography.areas import draw_areas
from sfterritory.geography.leg import discs
from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import haversine_km
from sfterritory.model.travel import Points, TravelTime

FASTEST_KMH = 130.0
_OUTLINE_REACH_KM = 5.0


@dataclass(frozen=True, slots=True)
class Zone:
    """The members of a zone, nearest first, ties by row, shape (m,).

    Attributes:
        member: Row of the account.
        minutes: Drive from the branch.
        km: Road kilometres.
        straight_km: Straight distance.
        quality: Of the times, values of `Quality`.
        outline: The land of the zone on the map; empty without members where it rests on them.
        asked: How many drives were asked for.
        source: What knew the times.
    """

    member: Ints
    minutes: Floats
    km: Floats
    straight_km: Floats
    quality: NDArray[np.int8]
    outline: BaseGeometry
    asked: int
    source: str

    def __len__(self) -> int:
        return len(self.member)


def radius_zone(branch: Points, accounts: Points, *, radius_km: float, travel: TravelTime) -> Zone:
    """Return the accounts within a straight distance of a branch, with the drive to each."""
    straight_km = _straight_km(branch, accounts)
    rows = np.flatnonzero(straight_km <= radius_km).astype(np.int32)
    outline = discs(branch, radius_km=np.array([radius_km]))[0]
    return _zone(branch, accounts, rows, travel=travel, straight_km=straight_km, outline=outline)


def drive_zone(
    branch: Points,
    accounts: Points,
    *,
    minutes: float,
    travel: TravelTime,
    fastest_kmh: float = FASTEST_KMH,
) -> Zone:
    """Return the accounts within a drive of a branch.

    Only accounts are asked for that the fastest speed would reach in a straight line. The
    outline is what lies nearer to a member than to any other account that was asked for, and at
    most 5 km from it: it shows who belongs to the zone, not how far the roads go.
    """
    straight_km = _straight_km(branch, accounts)
    rows = np.flatnonzero(straight_km <= minutes / 60 * fastest_kmh).astype(np.int32)
    reached = _zone(
        branch, accounts, rows, travel=travel, straight_km=straight_km, outline=shapely.Polygon()
    )
    inside = reached.minutes <= minutes
    member = reached.member[inside]
    belongs = np.isin(rows, member)
    drawn = draw_areas(
        accounts.lon_deg[rows],
        accounts.lat_deg[rows],
        np.where(belongs, 0, 1).astype(np.int32),
        2,
        reach_km=_OUTLINE_REACH_KM,
    )
    return Zone(
        member=member,
        minutes=reached.minutes[inside],
        km=reached.km[inside],
        straight_km=reached.straight_km[inside],
        quality=reached.quality[inside],
        outline=drawn.polygons[0],
        asked=reached.asked,
        source=reached.source,
    )


def _straight_km(branch: Points, accounts: Points) -> Floats:
    return haversine_km(
        accounts.lon_deg, accounts.lat_deg, to_lon_deg=branch.lon_deg, to_lat_deg=branch.lat_deg
    )


def _zone(  # one answer from its parts
    branch: Points,
    accounts: Points,
    rows: Ints,
    *,
    travel: TravelTime,
    straight_km: Floats,
    outline: BaseGeometry,
) -> Zone:
    legs = travel.pairs(branch, accounts, rows=(np.zeros(len(rows), np.int32), rows))
    order = np.lexsort((rows, np.round(legs.minutes, 9)))
    return Zone(
        member=rows[order],
        minutes=legs.minutes[order],
        km=legs.km[order],
        straight_km=straight_km[rows][order],
        quality=legs.quality[order],
        outline=outline,
        asked=len(rows),
        source=legs.source if len(rows) else "",
    )
