"""Detours: the road from each home to its accounts against the straight line."""

from __future__ import annotations

import math

import numpy as np

from sfterritory.geography.detour import LEAST_KM, DetourBand, detours
from sfterritory.geography.travel.estimate import EstimatedTravel, crow_km
from sfterritory.model.document import Document
from sfterritory.model.travel import TravelTime
from sfterritory.pipeline.geo.book import GeoBook

ONLY_ESTIMATED = (
    "every time is an estimate made from the straight line, so there is no road to compare it "
    "with; set travel.provider in mappings/territories.yaml to osrm, valhalla, osrm_inprocess or "
    "file (docs/travel.md)"
)


class DetourLeg(Document):
    """One way from a home to an account."""

    account_id: str
    account: str
    home: str
    straight_km: float
    road_km: float | None
    minutes: float | None
    estimated_minutes: float
    ratio: float | None


class DetourRow(Document):
    """Legs of one band of straight distance; None where it has no legs or no end."""

    from_km: float
    to_km: float | None
    legs: int
    ratio_low: float | None
    ratio_median: float | None
    ratio_high: float | None
    minutes_to_estimate: float | None
    kmh: float | None


class DetourReport(Document):
    """What roads add to straight lines.

    Attributes:
        source: What knew the times.
        legs: From homes to accounts.
        compared: Legs that an engine or a file knew.
        estimated: Legs that only the estimate knew; they are left out.
        minutes_to_estimate: Median of real minutes over estimated ones.
        least_km: The worst are looked for among legs at least so long.
        worst: Those with the longest way round.
        unreachable: Those without any way.
    """

    source: str
    legs: int
    compared: int
    estimated: int
    minutes_to_estimate: float | None
    bands: tuple[DetourRow, ...]
    least_km: float
    worst: tuple[DetourLeg, ...]
    unreachable: tuple[DetourLeg, ...]
    notes: tuple[str, ...]


def detour_report(book: GeoBook, travel: TravelTime, *, worst: int) -> DetourReport:
    """Return how roads compare with straight lines; `worst` legs are named."""
    row, seat = book.driven()
    known = book.seats.known
    homes, places = book.seats.places(known), book.points
    ends = np.searchsorted(known, seat).astype(np.int32), row
    legs = travel.pairs(homes, places, rows=ends)
    straight_km = crow_km(book.seats.places(seat), places.taken(row))
    estimate = EstimatedTravel().pairs(homes, places, rows=ends)
    found = detours(legs, straight_km, estimate, worst=worst)
    names = book.text("Name")

    def told(leg: int) -> DetourLeg:
        account = int(row[leg])
        return DetourLeg(
            account_id=str(book.ids[account]),
            account=names.value(account) or "",
            home=book.seats.names[int(seat[leg])],
            straight_km=round(float(straight_km[leg]), 2),
            road_km=_finite(legs.km[leg], 2),
            minutes=_finite(legs.minutes[leg], 1),
            estimated_minutes=round(float(estimate.minutes[leg]), 1),
            ratio=_finite(found.km_ratio[leg], 3),
        )

    notes = book.notes if found.compared or not len(row) else (*book.notes, ONLY_ESTIMATED)
    if not len(row):
        notes = (*notes, "no home is known: nobody drives to any account")
    return DetourReport(
        source=found.source,
        legs=len(row),
        compared=found.compared,
        estimated=found.estimated,
        minutes_to_estimate=_finite(found.minutes_ratio, 3),
        bands=tuple(map(_row, found.bands)) if found.compared else (),
        least_km=LEAST_KM,
        worst=tuple(map(told, found.worst.tolist())),
        unreachable=tuple(map(told, found.unreachable.tolist())),
        notes=notes,
    )


def _row(band: DetourBand) -> DetourRow:
    low, median, high = band.km_ratio
    return DetourRow(
        from_km=band.from_km,
        to_km=_finite(band.to_km, 0),
        legs=band.legs,
        ratio_low=_finite(low, 3),
        ratio_median=_finite(median, 3),
        ratio_high=_finite(high, 3),
        minutes_to_estimate=_finite(band.minutes_ratio, 3),
        kmh=_finite(band.kmh, 1),
    )


def _finite(value: float, digits: int) -> float | None:
    """Return a rounded number, None where there is none."""
    return round(float(value), digits) if math.isfinite(value) else None
