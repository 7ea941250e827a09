"""Compiled loops: the decorator, and distances on the sphere for use inside them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from sfterritory.model.sphere import EARTH_RADIUS_KM

P = ParamSpec("P")
R = TypeVar("R")

Longs = NDArray[np.int64]

FAR_PRICE_KM = 20_037.5
"""What an hour beyond the maximum travel costs on top: half-way round the Earth."""

TIE_KM = 1e-9
"""Costs that differ by less are equal."""

_SERIES_LIMIT = 0.01  # quarter of a squared chord: 1,274 km; the series is exact to 2e-14 below it


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function compiled to machine code, kept on disk between runs, same answers."""
    return cast("Callable[P, R]", numba.njit(cache=True, error_model="numpy", nogil=True)(function))


@compiled
def arc_km(ax: float, ay: float, az: float, bx: float, by: float, bz: float) -> float:
    """Return great-circle kilometres between two unit vectors."""
    dx, dy, dz = ax - bx, ay - by, az - bz
    h = 0.25 * (dx * dx + dy * dy + dz * dz)
    if h < _SERIES_LIMIT:  # arc sine as a series: 4 times as fast, and most pairs are near
        tail = 3 / 40 + h * (5 / 112 + h * (35 / 1152 + h * (63 / 2816 + h * (231 / 13312))))
        return 2.0 * EARTH_RADIUS_KM * math.sqrt(h) * (1.0 + h * (1 / 6 + h * tail))
    return 2.0 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(h)))


@compiled
def travel_km(km: float, max_km: float) -> float:
    """Return what a distance costs: itself, and a prohibitive price beyond the maximum travel."""
    return km if km <= max_km else km + FAR_PRICE_KM
