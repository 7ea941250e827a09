"""What OSRM's table service answers, whichever way it is asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from sfterritory.connectors.road.engine import Limits, Refusal, Table, checked
from sfterritory.model.travel import Points

# Between two places of one street the table service may answer slightly less than nothing: it
# subtracts rounded parts of an edge (issues 5106 and 5855 of osrm-backend, some 100 m were seen).
_SECONDS_BELOW: Final = 60.0
_METRES_BELOW: Final = 500.0
_LARGEST: Final = 1e15  # of numbers that tell graphs; JSON knows some that no float can hold
ENGINE: Final = "osrm"
DEFAULT_PROFILE: Final = "driving"
_REFUSALS: Final[Mapping[str, Refusal]] = {
    "TooBig": Refusal.SIZE,
    "NoSegment": Refusal.NO_WAY,
    "NoTable": Refusal.NO_WAY,
}
# Any graph snaps these to its own rim; drives between them cross it and change with its roads.
PROBE: Final = Points(
    np.array([-120.0, -60.0, 20.0, 140.0, 100.0, 10.0, 10.0, 25.0]),
    np.array([40.0, -15.0, 5.0, -30.0, 30.0, 47.0, 52.0, 62.0]),
)


def limits_of(places: int) -> Limits:
    """Return what one table may hold; searches cost by place, cells nearly nothing."""
    return Limits(
        origins=places,
        destinations=places,
        places=places,
        least_use=0.1,
        seconds_per_request=0.01,
        seconds_per_cell=2e-6,
    )


def read_table(answer: Mapping[str, Any], *, shape: tuple[int, int], doing: str) -> Table:
    """Return an answer of the table service in minutes and kilometres.

    Raises:
        EngineFailedError: It has not the shape that was asked for.
    """
    seconds, metres = (
        checked(answer.get(name), shape=shape, doing=doing, rounding=below)
        for name, below in (("durations", _SECONDS_BELOW), ("distances", _METRES_BELOW))
    )
    no_way = np.isinf(seconds) | np.isinf(metres)
    return Table(np.where(no_way, np.inf, seconds / 60), np.where(no_way, np.inf, metres / 1000))


def graph_of(answer: Mapping[str, Any]) -> str:
    """Return what tells the graph: drives of the probe, and the data's version where it is told."""
    # Rounded: the server writes fewer digits than the library hands over.
    places = [
        _rounded(one.get("location"), digits=5)
        for one in _listed(answer.get("sources"))
        if isinstance(one, Mapping)
    ]
    drives = [_rounded(row, digits=1) for row in _listed(answer.get("durations"))]
    digest = hashlib.sha256(json.dumps([places, drives]).encode()).hexdigest()[:10]
    version = answer.get("data_version")
    return f"{version} {digest}" if isinstance(version, str) and version else digest


def refusal_of(code: str) -> Refusal:
    """Return why OSRM refuses, by its code."""
    return _REFUSALS.get(code, Refusal.OTHER)


def _rounded(values: object, *, digits: int) -> list[object]:
    return [
        round(float(one), digits)
        if isinstance(one, int | float) and abs(one) <= _LARGEST
        else str(one)
        for one in _listed(values)
    ]


def _listed(values: object) -> Sequence[object]:
    return values if isinstance(values, Sequence) else ()
