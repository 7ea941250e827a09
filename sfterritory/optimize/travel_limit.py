"""Limits of travel that construction does not build by: verified on the territories it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import km_between, unit_vectors
from sfterritory.optimize.alignment import Conflict, ConflictCode, TerritoryPlan
from sfterritory.optimize.params import TerritoryParams
from sfterritory.optimize.request import TerritoryRequest
from sfterritory.optimize.travel_load import TerritoryTravel
from sfterritory.optimize.tree import spanning_trees

_TOLD = 20
_KEPT = 100
_ROUNDING = 1e-9


def broken_travel_limits(
    request: TerritoryRequest,
    plan: TerritoryPlan,
    drive: TerritoryTravel,
    *,
    params: TerritoryParams,
    weeks_worked: float,
) -> tuple[Conflict, ...]:
    """Return each territory that breaks a limit of travel, the worst first, with its worst account.

    Args:
        request: Whose accounts and reps they are.
        plan: The territories.
        drive: Their driving.
        params: The limits; None is none.
        weeks_worked: Of a year, for what is a limit of a week.
    """
    found: list[Conflict] = []
    if params.max_drive_hours_per_week is not None and weeks_worked > 0:
        hours = params.max_drive_hours_per_week
        found += _drive_limit(request, plan, drive, most_hours=hours, weeks_worked=weeks_worked)
    if params.max_neighbour_km is not None:
        found += _neighbour_limit(request, plan, most_km=params.max_neighbour_km)
    return tuple(found)


def _drive_limit(
    request: TerritoryRequest,
    plan: TerritoryPlan,
    drive: TerritoryTravel,
    *,
    most_hours: float,
    weeks_worked: float,
) -> Iterator[Conflict]:
    weekly: Floats = drive.travel_hours / weeks_worked
    of_account = drive.account_travel_hours
    worst = _worst(plan.territory, of_account, k=len(weekly))

    def words(rep: int) -> str:
        row = int(worst[rep])
        return (
            f"{request.roster.names[rep]} drives {weekly[rep]:,.1f} hours a week where "
            f"{most_hours:g} are allowed; {request.accounts.ids[row]} takes most of it, "
            f"{of_account[row]:,.0f} hours a year"
        )

    yield from _told(
        ConflictCode.DRIVES_TOO_MUCH,
        weekly - most_hours,
        worst,
        words=words,
        rest=f"more reps drive above {most_hours:g} hours a week",
    )


def _neighbour_limit(
    request: TerritoryRequest, plan: TerritoryPlan, *, most_km: float
) -> Iterator[Conflict]:
    vectors = unit_vectors(request.accounts.lon_deg, request.accounts.lat_deg)
    one, two, _ = spanning_trees(vectors, plan.territory, n_groups=len(request.roster))
    edge_km = km_between(vectors[one], vectors[two])
    of_edge = plan.territory[one]
    longest = _worst(of_edge, edge_km, k=len(request.roster))
    km = np.where(longest >= 0, np.append(edge_km, 0.0)[longest], 0.0)
    # Of its two ends the one that lies farther out: cutting the way would part it from the centre.
    farther = np.where(plan.km[one] > plan.km[two], one, two)
    worst = np.where(longest >= 0, np.append(farther, -1)[longest], -1)
    next_to = np.where(longest >= 0, np.append(one + two - farther, -1)[longest], -1)
    over = np.bincount(of_edge[edge_km > most_km], minlength=len(request.roster))

    def words(rep: int) -> str:
        more = f"; {over[rep] - 1:,} more ways are too long" if over[rep] > 1 else ""
        return (
            f"{request.roster.names[rep]}: from {request.accounts.ids[worst[rep]]} to the next "
            f"account of the territory, {request.accounts.ids[next_to[rep]]}, it is "
            f"{km[rep]:,.1f} km where {most_km:g} are allowed{more}"
        )

    yield from _told(
        ConflictCode.NEIGHBOURS_TOO_FAR,
        km - most_km,
        worst,
        words=words,
        rest=f"more territories have neighbours above {most_km:g} km apart",
    )


def _told(
    code: ConflictCode, excess: Floats, worst: Ints, *, words: Callable[[int], str], rest: str
) -> Iterator[Conflict]:
    """Yield a line for each territory beyond a limit, the worst first; of many the first ones."""
    over = np.flatnonzero(excess > _ROUNDING)
    over = over[np.lexsort((over, -np.round(excess[over], 9)))]
    for rep in over[:_TOLD].tolist():
        yield Conflict(
            code=code,
            message=words(rep),
            demand="",
            amount=float(excess[rep]),
            reps=(rep,),
            rows=(int(worst[rep]),),
        )
    others = over[_TOLD:]
    if len(others):
        yield Conflict(
            code=code,
            message=f"{len(others):,} {rest}",
            demand="",
            amount=float(excess[others[0]]),
            reps=tuple(others[:_KEPT].tolist()),
            count=len(others),
        )


def _worst(group: Ints, amount: Floats, *, k: int) -> Ints:
    """Return the row with the most of each group, the first of several, -1 without any; (k,)."""
    order = np.lexsort((np.arange(len(group)), -amount, group))
    order = order[group[order] >= 0]
    present, first = np.unique(group[order], return_index=True)
    worst = np.full(k, -1, dtype=np.int32)
    worst[present] = order[first]
    return worst
