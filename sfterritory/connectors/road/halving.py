"""Asking an engine for a block, in smaller ones where it refuses."""

from __future__ import annotations

from typing import Final

import numpy as np

from sfterritory.connectors.road.engine import (
    BlockRefusedError,
    EngineFailedError,
    Refusal,
    RoadEngine,
    Table,
)
from sfterritory.model.travel import Points

# What a pair gets that is refused on its own: no way is infinite, no answer NaN.
_LAST_PAIR: Final = {Refusal.NO_WAY: np.inf, Refusal.TOO_FAR: np.nan}


class Halving:
    """Halves every refused block until the engine takes it, or one pair is left.

    A size that was refused as too large is not asked for again.
    """

    def __init__(self, engine: RoadEngine) -> None:
        self._engine = engine
        self._refused_places: float = np.inf

    def table(self, origins: Points, destinations: Points) -> Table:
        """Return the travel times of a block.

        Raises:
            EngineFailedError: A part of it got no usable answer.
        """
        places = len(origins) + len(destinations)
        if places < self._refused_places:
            try:
                return self._engine.table(origins, destinations)
            except BlockRefusedError as refused:
                if places == 2:
                    return _last_pair(refused)
                if refused.refusal is Refusal.SIZE:
                    self._refused_places = min(places, self._refused_places)
        if len(origins) >= len(destinations):
            tables, axis = [self.table(half, destinations) for half in _halves(origins)], 0
        else:
            tables, axis = [self.table(origins, half) for half in _halves(destinations)], 1
        return Table(
            np.concatenate([one.minutes for one in tables], axis=axis),
            np.concatenate([one.km for one in tables], axis=axis),
        )


def _halves(points: Points) -> tuple[Points, Points]:
    rows = np.arange(len(points))
    middle = len(points) // 2
    return points.taken(rows[:middle]), points.taken(rows[middle:])


def _last_pair(refused: BlockRefusedError) -> Table:
    if refused.refusal not in _LAST_PAIR:
        raise EngineFailedError(
            f"the engine refuses even one pair of places: {refused.words}",
            remedy="check travel.profile, the engine's limits, and the coordinates of accounts and "
            "homes",
        ) from refused
    value = np.full((1, 1), _LAST_PAIR[refused.refusal])
    return Table(value, value.copy())
