"""The estimate: travel times out of distances, always there, and marked as what it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sfterritory.geography.travel.band import factor_at
from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import haversine_km
from sfterritory.model.travel import Forecast, Legs, Points, Quality, TravelCurve

# Road kilometres per kilometre as the crow flies, joined by the logarithm of the distance. Up to
# 32 km the mean of four areas' medians (`python -m bench.road`), from 100 km on the flat ratio
# between motorway nodes of three continents (1.14 to 1.20).
_RATIO_AT_KM: Final = (0.5, 1.4, 3.2, 7.1, 14.1, 31.6, 100.0)
_RATIO: Final = (1.67, 1.79, 1.66, 1.52, 1.41, 1.37, 1.20)


@dataclass(frozen=True, slots=True)
class BandError:
    """How far the estimate lay from a road engine in one band, in shares of the real time.

    Attributes:
        mean_share: Mean of the absolute error.
        p90_share: Nine of ten legs err less than this.
        bias_share: Median error: below 0 the estimate promises too short a drive.
    """

    from_km: float
    mean_share: float
    p90_share: float
    bias_share: float


CURVE: Final = TravelCurve()

# Means of four areas (Rhine-Neckar, Malta's main island, Liechtenstein, Heidelberg; three for the
# last band), 1000 places each, drawn uniformly and moved to a street, against OSRM's car profile in
# free flow: `python -m bench.road`. Only Liechtenstein had no part in fitting the curve. Drives
# under 100 m are left out; beyond 50 km nothing was measured.
ESTIMATE_ERROR: Final[tuple[BandError, ...]] = (
    BandError(0.0, mean_share=0.70, p90_share=1.73, bias_share=-0.06),
    BandError(1.0, mean_share=0.38, p90_share=0.72, bias_share=-0.15),
    BandError(2.0, mean_share=0.28, p90_share=0.56, bias_share=-0.14),
    BandError(5.0, mean_share=0.23, p90_share=0.44, bias_share=-0.13),
    BandError(10.0, mean_share=0.19, p90_share=0.34, bias_share=-0.13),
    BandError(20.0, mean_share=0.13, p90_share=0.24, bias_share=-0.10),
)


@dataclass(frozen=True, slots=True)
class EstimatedTravel:
    """Travel times from the distance: calibration x curve(km) / speed factor.

    Water, mountains and anything else without a road are not known to it.

    Attributes:
        calibration: What real times are of estimated ones: one factor, or one for each band.
        speed_factor: Speed compared with free flow; 0.8 makes each drive a quarter longer.
    """

    calibration: tuple[float, ...] = (1.0,)
    speed_factor: float = 1.0

    @property
    def source(self) -> str:
        """Return how an answer names its origin."""
        return "estimate" if self.calibration == (1.0,) else "estimate calibrated"

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what a person should know of the answers so far: nothing goes wrong here."""
        return ()

    def matrix(self, origins: Points, destinations: Points) -> Legs:
        """Return every origin with every destination, shape (origins, destinations)."""
        return self._legs(
            haversine_km(
                origins.lon_deg[:, None],
                origins.lat_deg[:, None],
                to_lon_deg=destinations.lon_deg[None, :],
                to_lat_deg=destinations.lat_deg[None, :],
            )
        )

    def pairs(self, origins: Points, destinations: Points, *, rows: tuple[Ints, Ints]) -> Legs:
        """Return chosen pairs: row of the origin, row of the destination; shape of `rows[0]`."""
        return self._legs(crow_km(origins.taken(rows[0]), destinations.taken(rows[1])))

    def forecast(
        self, origins: Points, destinations: Points, *, rows: tuple[Ints, Ints] | None = None
    ) -> Forecast:
        """Return that nothing is asked of anybody."""
        legs = len(origins) * len(destinations) if rows is None else len(rows[0])
        return Forecast(legs=legs, known=legs, requests=0, seconds=0.0, measured=False)

    def _legs(self, distance_km: Floats) -> Legs:
        free_flow = CURVE.minutes(distance_km)
        minutes = factor_at(distance_km, self.calibration) * free_flow / self.speed_factor
        quality = np.full(distance_km.shape, Quality.ESTIMATE, dtype=np.int8)
        return Legs(minutes, road_km(distance_km), quality, self.source)


def crow_km(origins: Points, destinations: Points) -> Floats:
    """Return the distances of pairs as the crow flies, shape (n,)."""
    return haversine_km(
        origins.lon_deg,
        origins.lat_deg,
        to_lon_deg=destinations.lon_deg,
        to_lat_deg=destinations.lat_deg,
    )


def road_km(distance_km: Floats) -> Floats:
    """Return road kilometres for kilometres as the crow flies; they never fall as those grow."""
    at = np.log(np.maximum(distance_km, _RATIO_AT_KM[0]))
    ratio: Floats = np.interp(at, np.log(_RATIO_AT_KM), _RATIO)
    return distance_km * ratio
