"""Detours: how much longer the road is than the straight line, and where it is worst."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.travel import Legs, Quality

BANDS_KM = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 200.0)
# Below this, a car park on the other side of the road is a detour of many times the distance.
LEAST_KM = 1.0
_UNKNOWN = (np.nan, np.nan, np.nan)


@dataclass(frozen=True, slots=True)
class DetourBand:
    """Legs of one band of straight distance; NaN where it has none.

    Attributes:
        from_km, to_km: Straight distance, the last band without end.
        legs: How many.
        km_ratio: Road over straight kilometres, lowest tenth, median, highest tenth.
        minutes_ratio: Median of real minutes over estimated ones.
        kmh: Median road speed.
    """

    from_km: float
    to_km: float
    legs: int
    km_ratio: tuple[float, float, float]
    minutes_ratio: float
    kmh: float


@dataclass(frozen=True, slots=True)
class Detours:
    """What road times say of straight lines.

    Attributes:
        compared: Legs whose time rests on an engine or a file.
        estimated: Legs that are only estimated, and so were left out.
        unreachable: Rows of legs for which there is no way.
        bands: By straight distance.
        worst: Rows of legs by how often the road is longer than the line, the worst first; at
            least `LEAST_KM` long.
        km_ratio: Road over straight of each leg, NaN where it was not compared, shape (n,).
        minutes_ratio: Median of real minutes over estimated ones; NaN without any.
        source: What knew the times.
    """

    compared: int
    estimated: int
    unreachable: Ints
    bands: tuple[DetourBand, ...]
    worst: Ints
    km_ratio: Floats
    minutes_ratio: float
    source: str


def detours(legs: Legs, straight_km: Floats, estimate: Legs, *, worst: int = 20) -> Detours:
    """Compare legs by road with the straight line, and their times with the estimate's.

    A leg that is itself an estimate says nothing about detours and is left out; so do kilometres
    that were reckoned from the line, beside known minutes.

    Args:
        legs: What an engine or a file says, shape (n,).
        straight_km: Straight distance of each.
        estimate: What the distance alone would have given.
        worst: How many of the worst to name.
    """
    real = legs.quality > Quality.ESTIMATE
    long = real & (straight_km > 0)
    km_ratio = np.full(len(straight_km), np.nan)
    told_km = long if legs.km_estimated is None else long & ~legs.km_estimated
    km_ratio[told_km] = legs.km[told_km] / straight_km[told_km]
    time_ratio = np.full(len(straight_km), np.nan)
    told = long & (estimate.minutes > 0)
    time_ratio[told] = legs.minutes[told] / estimate.minutes[told]
    listed = np.flatnonzero(told_km & (straight_km >= LEAST_KM))
    order = np.lexsort((listed, -np.round(km_ratio[listed], 6)))
    edges = [*BANDS_KM, np.inf]
    return Detours(
        compared=int(real.sum()),
        estimated=int((legs.quality == Quality.ESTIMATE).sum()),
        unreachable=np.flatnonzero(legs.quality == Quality.UNREACHABLE).astype(np.int32),
        bands=tuple(
            _band(
                low,
                high,
                long & (straight_km >= low) & (straight_km < high),
                legs,
                km_ratio,
                time_ratio,
            )
            for low, high in pairwise(edges)
        ),
        worst=listed[order][:worst].astype(np.int32),
        km_ratio=km_ratio,
        minutes_ratio=_median(time_ratio[told]),
        source=legs.source,
    )


def _band(  # one row of the table, from its columns
    low: float,
    high: float,
    chosen: NDArray[np.bool_],
    legs: Legs,
    km_ratio: Floats,
    time_ratio: Floats,
) -> DetourBand:
    told_km = chosen & ~np.isnan(km_ratio)
    tenths = np.quantile(km_ratio[told_km], [0.1, 0.5, 0.9]) if told_km.any() else _UNKNOWN
    driven = told_km & (legs.minutes > 0)
    return DetourBand(
        from_km=low,
        to_km=high,
        legs=int(chosen.sum()),
        km_ratio=(float(tenths[0]), float(tenths[1]), float(tenths[2])),
        minutes_ratio=_median(time_ratio[chosen]),
        kmh=_median(legs.km[driven] / legs.minutes[driven] * 60),
    )


def _median(values: Floats) -> float:
    return float(np.median(values)) if len(values) else float("nan")
