"""The different pairs of places of one question, and what is known of each so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfterritory.connectors.road.place import Keys, place_keys, points_of
from sfterritory.model.columns import Flags, Floats
from sfterritory.model.store.travel_cache import CachedLegs
from sfterritory.model.travel import Points, Quality

RowPair = tuple[NDArray[np.integer], NDArray[np.integer]]


@dataclass(frozen=True, slots=True)
class Cells:
    """Pairs by ascending number, all but the first two of length n; the last three fill up.

    Attributes:
        from_places: Different origins, ascending.
        to_places: Different destinations, ascending.
        number: Row of `from_places` times their number of destinations, plus row of `to_places`.
        minutes: NaN where nothing is known, infinite where there is no way.
        km: The same.
        quality: `Quality.ESTIMATE` where nothing is known.
    """

    from_places: Keys
    to_places: Keys
    number: NDArray[np.int64]
    minutes: Floats
    km: Floats
    quality: NDArray[np.int8]

    @classmethod
    def of(
        cls, origins: Points, destinations: Points, rows: RowPair
    ) -> tuple[Cells, NDArray[np.intp]]:
        """Return the different pairs behind the rows, and the pair of each leg."""
        from_places, from_row = np.unique(place_keys(origins), return_inverse=True)
        to_places, to_row = np.unique(place_keys(destinations), return_inverse=True)
        each = from_row[rows[0].ravel()] * len(to_places) + to_row[rows[1].ravel()]
        number, pair_of_leg = np.unique(each, return_inverse=True)
        cells = cls(
            from_places,
            to_places,
            number.astype(np.int64),
            np.full(len(number), np.nan),
            np.full(len(number), np.nan),
            np.full(len(number), Quality.ESTIMATE, dtype=np.int8),
        )
        return cells, pair_of_leg

    def __len__(self) -> int:
        return len(self.number)

    @property
    def origin(self) -> Keys:
        """Return the origin of each pair."""
        return self.from_places[self.number // max(len(self.to_places), 1)]

    @property
    def destination(self) -> Keys:
        """Return the destination of each pair."""
        return self.to_places[self.number % max(len(self.to_places), 1)]

    @property
    def open(self) -> Flags:
        """Return which pairs nothing is known of."""
        return np.isnan(self.minutes)

    def ends(self) -> tuple[Points, Points]:
        """Return origin and destination of each pair as engines see them."""
        return points_of(self.origin), points_of(self.destination)

    def asked(self, legs: CachedLegs) -> CachedLegs:
        """Return those legs that are pairs of this question."""
        wanted = self._row_of(legs) >= 0
        return CachedLegs(
            legs.origin[wanted], legs.destination[wanted], legs.minutes[wanted], legs.km[wanted]
        )

    def fill(self, legs: CachedLegs, *, quality: Quality) -> None:
        """Take over what is known of pairs of this question; infinite ones become unreachable."""
        row = self._row_of(legs)
        mine, row = row >= 0, row[row >= 0]
        self.minutes[row] = legs.minutes[mine]
        self.km[row] = legs.km[mine]
        self.quality[row] = np.where(np.isinf(legs.minutes[mine]), Quality.UNREACHABLE, quality)

    def _row_of(self, legs: CachedLegs) -> NDArray[np.int64]:
        """Return the pair of each leg, -1 where it is none of this question."""
        origin, destination = (
            _row(self.from_places, legs.origin),
            _row(self.to_places, legs.destination),
        )
        number = np.where(
            (origin < 0) | (destination < 0), -1, origin * len(self.to_places) + destination
        )
        return _row(self.number, number)


def _row(ascending: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each value stands, -1 where it does not."""
    if len(ascending) == 0:
        return np.full(len(values), -1, dtype=np.int64)
    row = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    return np.where(ascending[row] == values, row, -1).astype(np.int64)
