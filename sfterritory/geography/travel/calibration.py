"""What real drives say about the estimate: its error, and the factor that corrects it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.geography.travel.band import BAND_FROM_KM, band_of
from sfterritory.geography.travel.estimate import BandError, crow_km
from sfterritory.model.columns import Floats
from sfterritory.model.travel import Points, TravelCurve

LEAST_LEGS = 50
_LEAST_KM = 0.1  # two doors of one street say nothing about driving


@dataclass(frozen=True, slots=True)
class MeasuredLegs:
    """Drives whose time is known, all of length n.

    Attributes:
        minutes: Real driving time; not finite where there is no way.
    """

    origins: Points
    destinations: Points
    minutes: Floats


@dataclass(frozen=True, slots=True)
class BandFactor:
    """Real over estimated minutes in one band of distance.

    Attributes:
        legs: How many drives speak for the band.
        factor: Their median; that of all bands together where they are too few.
        own: Whether the factor is the band's own.
    """

    from_km: float
    legs: int
    factor: float
    own: bool


def calibrated(legs: MeasuredLegs) -> tuple[BandFactor, ...]:
    """Return the factor of every band, nearest first.

    Raises:
        ValueError: Fewer than 50 drives are usable.
    """
    distance_km, ratio = _ratios(legs)
    if len(ratio) < LEAST_LEGS:
        raise ValueError(f"{len(ratio)} usable drives; a calibration needs {LEAST_LEGS}")
    together = float(np.median(ratio))
    found = []
    for band, within in _by_band(distance_km):
        own = int(within.sum()) >= LEAST_LEGS
        factor = float(np.median(ratio[within])) if own else together
        found.append(BandFactor(BAND_FROM_KM[band], int(within.sum()), factor, own))
    return tuple(found)


def measured_error(legs: MeasuredLegs) -> tuple[BandError, ...]:
    """Return how far the uncalibrated estimate lies from real drives, by band that holds any."""
    distance_km, ratio = _ratios(legs)
    error = 1.0 / ratio - 1.0
    return tuple(
        BandError(
            BAND_FROM_KM[band],
            mean_share=float(np.mean(np.abs(error[within]))),
            p90_share=float(np.quantile(np.abs(error[within]), 0.9)),
            bias_share=float(np.median(error[within])),
        )
        for band, within in _by_band(distance_km)
        if within.any()
    )


def _ratios(legs: MeasuredLegs) -> tuple[Floats, Floats]:
    """Return kilometres and real over estimated minutes of the drives that can be compared."""
    distance_km = crow_km(legs.origins, legs.destinations)
    usable = np.isfinite(legs.minutes) & (legs.minutes > 0) & (distance_km >= _LEAST_KM)
    distance_km = distance_km[usable]
    ratio: Floats = legs.minutes[usable] / TravelCurve().minutes(distance_km)
    return distance_km, ratio


def _by_band(distance_km: Floats) -> list[tuple[int, np.ndarray[tuple[int], np.dtype[np.bool_]]]]:
    bands = band_of(distance_km)
    return [(band, bands == band) for band in range(len(BAND_FROM_KM))]
