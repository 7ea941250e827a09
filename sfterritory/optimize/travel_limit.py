"""Limits of travel, verified on the territories that construction found.

It builds by the longest distance, where other limits let it, and does not build by the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.spatial import cKDTree

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import km_between, unit_vectors
from sfterritory.optimize.alignment import Conflict, ConflictCode, TerritoryPlan
from sfterritory.optimize.engine.kernel import Longs
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
        params: The limits; None is none. The longest distance is that of the request.
        weeks_worked: Of a year, for what is a limit of a week.
    """
    found: list[Conflict] = [*_reach_limit(request, plan)]
    if params.max_drive_hours_per_week is not None and weeks_worked > 0:
        hours = params.max_drive_hours_per_week
        found += _drive_limit(request, plan, drive, most_hours=hours, weeks_worked=weeks_worked)
    if params.max_neighbour_km is not None:
        found += _neighbour_limit(request, plan, most_km=params.max_neighbour_km)
    return tuple(found)


def _reach_limit(request: TerritoryRequest, plan: TerritoryPlan) -> Iterator[Conflict]:
    """Yield how many accounts lie beyond reach and what would do, then each rep with the worst."""
    own, names, ids = plan.territory, request.roster.names, request.accounts.ids
    beyond = plan.km - request.max_km[own]
    far = np.flatnonzero(beyond > _ROUNDING)
    if len(far) == 0:
        return
    far = far[np.lexsort((far, -np.round(beyond[far], 9)))]
    nearest, nearest_km = _nearest_allowed(request, plan, far)
    yield Conflict(
        code=ConflictCode.BEYOND_REACH,
        message=_reach_words(request, far, nearest, nearest_km, n=len(own)),
        demand="",
        amount=float(beyond[far[0]]),
        rows=tuple(far[:_KEPT].tolist()),
        count=len(far),
    )
    place = np.full(len(own), -1, dtype=np.int64)
    place[far] = np.arange(len(far))
    worst = _worst(own[far], beyond[far], k=len(names))
    worst = np.where(worst >= 0, far[worst], -1)
    excess = np.where(worst >= 0, np.append(beyond, 0.0)[worst], 0.0)
    count = np.bincount(own[far], minlength=len(names))

    def words(rep: int) -> str:
        row = int(worst[rep])
        other = int(nearest[place[row]])
        if request.locks.rep[row] >= 0:
            why = "it is locked to this rep"
        elif other == rep:
            why = "nobody who may have it is nearer"
        else:
            why = f"{names[other]} is the nearest who may have it, {nearest_km[place[row]]:,.1f} km"
        return (
            f"{names[rep]}: {_lie(int(count[rep]))} beyond {request.max_km[rep]:g} km; the "
            f"farthest, {ids[row]}, is {plan.km[row]:,.1f} km away, and {why}"
        )

    yield from _told(
        ConflictCode.BEYOND_REACH,
        excess,
        worst,
        words=words,
        rest="more reps have accounts beyond their longest distance",
    )


def _reach_words(
    request: TerritoryRequest, far: Longs, nearest: Ints, nearest_km: Floats, *, n: int
) -> str:
    """Return how many accounts lie beyond reach, by what keeps them there, and what would do."""
    locked = request.locks.rep[far] >= 0
    nobody = ~locked & (nearest_km > request.max_km[nearest] + _ROUNDING)
    kept = ~locked & ~nobody
    causes = [
        words
        for of_cause, words in (
            (nobody, "beyond that of every rep who may have them"),
            (kept, "kept from a rep in reach by other limits"),
            (locked, "locked to their rep"),
        )
        if (count := int(of_cause.sum()))
        for words in [f"{count:,} {words}"]
    ]
    least = [
        f"{np.ceil(nearest_km[rows].max()):,.0f} km {words}"
        for rows, words in ((nobody, "for the nearest rep to reach each"), (locked, "for locks"))
        if rows.any()
    ]
    ways = [
        f"allow at least {' and '.join(least)}" if least else "widen the limits that keep them",
        "take locks away" if locked.any() else "",
        "add reps near them",
        "leave them out of the scope",
    ]
    *first, last = filter(None, ways)
    return (
        f"of {n:,} accounts {_lie(len(far), noun='')} beyond the longest distance of their rep "
        f"({'; '.join(causes)}). Remedy: {', '.join(first)}, or {last}"
    )


def _lie(count: int, *, noun: str = " account") -> str:
    if count == 1:
        return f"1{noun} lies"
    return f"{count:,}{noun}{'s' if noun else ''} lie"


def _nearest_allowed(
    request: TerritoryRequest, plan: TerritoryPlan, rows: Longs
) -> tuple[Ints, Floats]:
    """Return the nearest rep who may have each account, and the kilometres; locks stay locks."""
    rep, km = plan.territory[rows].astype(np.int32), plan.km[rows].copy()
    centres = unit_vectors(plan.centre_lon_deg, plan.centre_lat_deg)
    free = np.flatnonzero(request.locks.rep[rows] < 0)
    group = request.fit.group[rows[free]]
    for one in np.unique(group).tolist():
        allowed = np.flatnonzero(np.isfinite(request.fit.extra_km[one]))
        of_group = free[group == one]
        if len(allowed) == 0:
            continue
        at = rows[of_group]
        vectors = unit_vectors(request.accounts.lon_deg[at], request.accounts.lat_deg[at])
        _, found = cKDTree(centres[allowed]).query(vectors)
        rep[of_group] = allowed[found]
        km[of_group] = km_between(vectors, centres[allowed[found]])
    return rep, km


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
