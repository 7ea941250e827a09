"""Travel times as every engine gives them: by pair, each with what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Flags, Floats, Ints

ESTIMATE = "estimate"
_AND = " + "


class Quality(IntEnum):
    """What one travel time rests on; a higher number is better known."""

    UNREACHABLE = 0
    """The engine knows no way; minutes and km are infinite."""
    ESTIMATE = 1
    """Reckoned from the distance."""
    FILE = 2
    """Supplied by the user."""
    CACHE = 3
    """Asked of the engine earlier."""
    ENGINE = 4
    """Asked of the engine now."""


@dataclass(frozen=True, slots=True)
class Points:
    """Places, WGS 84, no NaN, both shape (n,)."""

    lon_deg: Floats
    lat_deg: Floats

    def __len__(self) -> int:
        return len(self.lon_deg)

    def taken(self, rows: NDArray[np.integer]) -> Points:
        """Return some of the places, in the order of `rows`."""
        return Points(self.lon_deg[rows], self.lat_deg[rows])


@dataclass(frozen=True, slots=True)
class Legs:
    """Travel for pairs of places, all arrays of the shape that was asked for.

    Attributes:
        minutes: Driving time, infinite where there is no way.
        km: Road kilometres, infinite where there is no way.
        quality: Values of `Quality`, int8.
        source: What answered, with version and profile: `osrm 26.10 car rhein-neckar`, `estimate`,
            `file drive.csv`; several are joined by ` + `, the one that answered most first.
        km_estimated: Where minutes are known and only the kilometres reckoned; None: nowhere.
    """

    minutes: Floats
    km: Floats
    quality: NDArray[np.int8]
    source: str
    km_estimated: Flags | None = None


class SourceTally:
    """How many legs each source answered, over several questions."""

    def __init__(self) -> None:
        self._legs: dict[str, int] = {}

    def add(self, legs: Legs) -> None:
        """Take note of one answer; of two sources, the estimate gave what is estimated."""
        if legs.minutes.size == 0:
            return
        words = legs.source.split(_AND)
        estimated = int((legs.quality == Quality.ESTIMATE).sum())
        for word in words:
            share = estimated if word.startswith(ESTIMATE) else legs.minutes.size - estimated
            answered = share if len(words) > 1 else legs.minutes.size
            self._legs[word] = self._legs.get(word, 0) + answered

    @property
    def words(self) -> str:
        """Return every source once, the one that answered most first; '' if nothing was asked."""
        return _AND.join(sorted(self._legs, key=lambda word: -self._legs[word]))


def joined_sources(*answers: Legs) -> str:
    """Return what several answers rest on, the source that answered most first."""
    tally = SourceTally()
    for legs in answers:
        tally.add(legs)
    return tally.words


@dataclass(frozen=True, slots=True)
class TravelCurve:
    """Minutes by road, free flow, for kilometres as the crow flies: a power, then a straight line.

    Source: fitted to OSRM car times between street points of two metropolitan areas and a country,
    20 to 21 % mean error on areas it was not fitted on; beyond the bend 80 km/h as the crow flies,
    which is the slope of the power there and was reckoned from road ratios, not measured.
    """

    minutes_at_1_km: float = 3.15
    exponent: float = 0.72
    linear_from_km: float = 50.0
    minutes_per_km_beyond: float = 0.75

    def minutes(self, crow_km: Floats) -> Floats:
        """Return minutes for distances of any shape; they never fall as distances grow."""
        near = np.minimum(crow_km, self.linear_from_km)
        far = np.maximum(np.subtract(crow_km, self.linear_from_km), 0.0)
        minutes: Floats = (
            self.minutes_at_1_km * near**self.exponent + self.minutes_per_km_beyond * far
        )
        return minutes


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an answer would cost, known before anything is asked.

    Attributes:
        legs: Different pairs of places that are asked for.
        known: Of these, how many need no question.
        requests: Questions to the engine.
        seconds: Expected duration.
        measured: Whether the duration rests on answers of this engine today, not on a table.
    """

    legs: int
    known: int
    requests: int
    seconds: float
    measured: bool


class TravelTime(Protocol):
    """Something that knows how long a drive takes; directional, from origin to destination.

    Only what is asked for is worked out: callers name pairs, never a whole book against itself.
    """

    def matrix(self, origins: Points, destinations: Points) -> Legs:
        """Return every origin with every destination, shape (origins, destinations)."""

    def pairs(self, origins: Points, destinations: Points, *, rows: tuple[Ints, Ints]) -> Legs:
        """Return chosen pairs: row of the origin, row of the destination; shape of `rows[0]`."""
