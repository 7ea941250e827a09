"""What a road engine is to this program: it says who it is, and answers tables of travel times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np

from sfterritory.errors import ConnectorError
from sfterritory.model.columns import Floats
from sfterritory.model.travel import Points

CHECK_ENGINE = "look at the engine's log and load, then run again: what was answered is kept"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answers.

    Attributes:
        engine: `osrm`, `valhalla`.
        version: Of the program, '' where it does not tell.
        profile: Kind of vehicle.
        graph: Tells one road graph from another, '' where the engine gives nothing to tell by.
    """

    engine: str
    version: str
    profile: str
    graph: str


@dataclass(frozen=True, slots=True)
class Table:
    """An engine's answer, shape (origins, destinations): infinite is no way, NaN is no answer."""

    minutes: Floats
    km: Floats


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may hold, and what it costs.

    Attributes:
        origins: Most origins.
        destinations: Most destinations.
        places: Most different places, both ends together.
        least_use: Least share of a block's cells that must have been asked for.
        seconds_per_request: Expected, beside the cells.
        seconds_per_cell: Expected for each pair of the block.
    """

    origins: int
    destinations: int
    places: int
    least_use: float
    seconds_per_request: float
    seconds_per_cell: float


class RoadEngine(Protocol):
    """One engine, ready to be asked."""

    limits: Limits
    workers: int
    """How many tables it may be asked for at a time."""

    def identity(self) -> Identity:
        """Ask who answers.

        Raises:
            EngineFailedError: No usable answer came.
        """

    def table(self, origins: Points, destinations: Points) -> Table:
        """Return the travel times of one block.

        Raises:
            BlockRefusedError: The engine does not want this block; a smaller one may do.
            EngineFailedError: No usable answer came, though it was asked several times.
        """

    def close(self) -> None:
        """Let go of what is held."""


class Refusal(Enum):
    """Why an engine refuses a block, which decides what its last pair of places gets."""

    SIZE = "too large"
    NO_WAY = "no way"
    """One of the places has no road, or no road joins them."""
    TOO_FAR = "too far"
    """Farther apart than the engine reckons."""
    OTHER = "refused"


class BlockRefusedError(Exception):
    """The engine answered, and refused the block."""

    def __init__(self, refusal: Refusal, words: str) -> None:
        super().__init__(words)
        self.refusal = refusal
        self.words = words


class EngineFailedError(ConnectorError):
    """No usable answer came from a road engine."""


def checked(rows: object, *, shape: tuple[int, int], doing: str, rounding: float = 0.0) -> Floats:
    """Return the numbers of an answer, infinite where it holds null.

    Args:
        rows: What should be a list of lists of numbers.
        shape: How many of them.
        doing: What messages call it.
        rounding: Numbers so little below 0 are 0.

    Raises:
        EngineFailedError: Not a table of that shape, or of anything but numbers from 0 up.
    """
    if not isinstance(rows, Sequence) or isinstance(rows, str) or len(rows) != shape[0]:
        raise _wrong(doing, f"{_length(rows)} rows, {shape[0]} expected")
    for row in rows:
        if not isinstance(row, Sequence) or isinstance(row, str) or len(row) != shape[1]:
            raise _wrong(doing, f"{_length(row)} values in a row, {shape[1]} expected")
        for value in row:
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int | float)
            ):
                raise _wrong(doing, f"{value!r:.40} where a number belongs")
    try:
        numbers = np.array(
            [[np.inf if value is None else value for value in row] for row in rows],
            dtype=np.float64,
        ).reshape(shape)
    except OverflowError as error:  # JSON knows integers that no float can hold
        raise _wrong(doing, "a number too large") from error
    if np.isnan(numbers).any() or (numbers < -rounding).any():
        raise _wrong(doing, "a number below 0 or none")
    return np.maximum(numbers, 0.0)


def _length(value: object) -> str:
    return str(len(value)) if isinstance(value, Sequence) else "no"


def _wrong(doing: str, what: str) -> EngineFailedError:
    return EngineFailedError(f"{doing}: the answer holds {what}", remedy=CHECK_ENGINE)
