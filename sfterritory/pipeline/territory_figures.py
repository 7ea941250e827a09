"""Figures of demands and of territories as `TerritoryVersion.metrics` keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from shapely.geometry.base import BaseGeometry

from sfterritory.geography.shape import Overlap, hull_overlaps, shapes_of
from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import totals
from sfterritory.optimize.request import Demand
from sfterritory.optimize.territory_figures import AccountFacts, territory_figures
from sfterritory.optimize.travel_load import TerritoryTravel

_DECIMALS = 4


def demand_documents(
    demands: Sequence[Demand], *, before: Ints, after: Ints
) -> list[dict[str, Any]]:
    """Return `metrics["demands"]`: loads of every territory, before and after, and its limits."""
    return [
        {
            "name": one.name,
            "unit": one.unit,
            "before": _rounded(_load(before, one)),
            "after": _rounded(_load(after, one)),
            "target": _rounded(one.target),
            "lo": _rounded(one.lo),
            "hi": [None if np.isinf(most) else round(most, _DECIMALS) for most in one.hi.tolist()],
        }
        for one in demands
    ]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Territories as they stand on the map, k of them.

    Attributes:
        keys: What names each.
        areas: Outlines in WGS 84 degrees, empty where there is none.
        centre_lon_deg: Where distances start, NaN for unknown, shape (k,).
        centre_lat_deg: The same.
    """

    keys: Sequence[str]
    areas: Sequence[BaseGeometry]
    centre_lon_deg: Floats
    centre_lat_deg: Floats


def territory_documents(
    facts: AccountFacts,
    territory: Ints,
    *,
    drawn: Drawn,
    given: Mapping[str, Floats] | None = None,
    leg_minutes: Floats | None = None,
    gap_km: float | None = None,
) -> dict[str, dict[str, float]]:
    """Return `metrics["territories"]` or `metrics["today"]`: figures by name, by key of territory.

    The names are those of `territory_figures` and of `Shapes`, `hull_overlap_share` (the greatest
    share that it and one other territory's hull have in common, of the smaller of both hulls), and
    those of `given`. A figure that there is not (no account, no area) is left out.

    Args:
        facts: The accounts; name further amounts `travel_hours_per_year`,
            `service_hours_per_year` and `value_usd`, so that reports find them.
        territory: Row of `drawn.keys` of each account, -1 for none.
        drawn: The territories.
        given: Figures from elsewhere, each (k,): `capacity_hours_per_year`, `drive_figures`.
        leg_minutes: Drive from the own centre to each account, NaN for unknown.
        gap_km: What counts as water between neighbours, None for nothing.
    """
    keys = drawn.keys
    columns = territory_figures(
        facts,
        territory,
        centres=(drawn.centre_lon_deg, drawn.centre_lat_deg),
        leg_minutes=leg_minutes,
        gap_km=gap_km,
    )
    shapes = shapes_of(
        drawn.areas, facts.lon_deg, facts.lat_deg, territory=territory, weight=facts.hours
    )
    columns |= asdict(shapes)
    pairs = hull_overlaps(facts.lon_deg, facts.lat_deg, territory=territory, count=len(keys))
    columns["hull_overlap_share"] = _greatest(pairs, columns["accounts"])
    columns |= given or {}
    return {
        key: {
            name: round(float(column[row]), _DECIMALS)
            for name, column in columns.items()
            if np.isfinite(column[row])
        }
        for row, key in enumerate(keys)
    }


def drive_figures(drive: TerritoryTravel) -> dict[str, Floats]:
    """Return what of the driving belongs into the figures: to be `given` to them."""
    return {
        "drive_hours_per_year": drive.travel_hours,
        "longest_minutes": drive.longest_leg_minutes,
        "spread_km": drive.spread_km,
        "spread_minutes": drive.spread_minutes,
    }


def _greatest(pairs: Sequence[Overlap], accounts: Floats) -> Floats:
    share = np.where(accounts > 0, 0.0, np.nan)
    for pair in pairs:
        share[[pair.one, pair.other]] = np.fmax(share[[pair.one, pair.other]], pair.share)
    return share


def _load(territory: Ints, demand: Demand) -> Floats:
    kept = territory >= 0
    return totals(territory[kept], demand.amount[kept], n_groups=len(demand.target))


def _rounded(column: Floats) -> list[float]:
    return [round(amount, _DECIMALS) for amount in column.tolist()]
