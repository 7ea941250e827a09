"""Places and travel times that tests of geography share."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely

from sfterritory.geography.leg import Shapes
from sfterritory.geography.travel.estimate import EstimatedTravel, crow_km
from sfterritory.model.columns import Ints
from sfterritory.model.travel import Legs, Points, Quality


def points(*lon_lat: tuple[float, float]) -> Points:
    given = np.array(lon_lat, dtype=np.float64).reshape(-1, 2)
    return Points(given[:, 0], given[:, 1])


def lines(*corners: list[tuple[float, float]]) -> Shapes:
    return np.array([shapely.LineString(one) for one in corners], dtype=np.object_)


def boxes(*bounds: tuple[float, float, float, float]) -> Shapes:
    return np.array([shapely.box(*one) for one in bounds], dtype=np.object_)


@dataclass
class Roads:
    """An engine: 1 minute a straight kilometre, `crooked` times as many by road; counts questions.

    Places east of `cut_lon_deg` are an island.
    """

    crooked: float = 1.25
    cut_lon_deg: float = np.inf
    asked: list[int] = field(default_factory=list)

    def pairs(self, origins: Points, destinations: Points, *, rows: tuple[Ints, Ints]) -> Legs:
        # The contract of `Points`: nobody hands an engine a place that is not known.
        assert not any(np.isnan(one.lon_deg).any() for one in (origins, destinations))
        start, end = origins.taken(rows[0]), destinations.taken(rows[1])
        self.asked.append(len(rows[0]))
        km = crow_km(start, end)
        apart = (start.lon_deg > self.cut_lon_deg) != (end.lon_deg > self.cut_lon_deg)
        quality = np.where(apart, Quality.UNREACHABLE, Quality.ENGINE).astype(np.int8)
        minutes = np.where(apart, np.inf, km)
        return Legs(minutes, np.where(apart, np.inf, km * self.crooked), quality, "test engine")

    def matrix(self, origins: Points, destinations: Points) -> Legs:
        shape = (len(origins), len(destinations))
        start, end = np.indices(shape)
        legs = self.pairs(
            origins,
            destinations,
            rows=(start.ravel().astype(np.int32), end.ravel().astype(np.int32)),
        )
        return Legs(
            legs.minutes.reshape(shape),
            legs.km.reshape(shape),
            legs.quality.reshape(shape),
            legs.source,
        )


ESTIMATE = EstimatedTravel()
