"""Territories as they are kept: name, area and figures of each, and a reason for every account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import shapely

from sfterritory.geography.areas import Areas
from sfterritory.model.columns import AccountColumns, Floats, Ints, RosterColumns, TextColumn
from sfterritory.model.store.territory import Alignment, Territory
from sfterritory.optimize.alignment import ReasonCode, TerritoryPlan
from sfterritory.optimize.reasons import causes, would_change

_WORDS: dict[int, str] = {
    ReasonCode.LOCKED: "locked",
    ReasonCode.ONLY_TERRITORY: "the only territory there is",
    ReasonCode.ONLY_ONE_MAY: "the only rep who may have it",
    ReasonCode.NEAREST: "its centre is the nearest",
    ReasonCode.STAYS: "it stays with its owner: moving would not save enough travel",
    ReasonCode.ALLOWED: "its centre is the nearest of those who may have it",
    ReasonCode.IN_REACH: "it lies too far away for the nearer reps",
    ReasonCode.PREFERRED: "its rep fits better than the nearer ones",
    ReasonCode.UNIT: "it goes with its unit",
    ReasonCode.ONE_PIECE: "it keeps a territory in one piece",
    ReasonCode.SEARCH_ENDED: "the best place that was found for it",
}


def territory_rows(
    accounts: AccountColumns,
    roster: RosterColumns,
    plan: TerritoryPlan,
    *,
    areas: Areas,
    cities: Sequence[str],
) -> tuple[Territory, ...]:
    """Return one row per rep; `cities` holds `Houston, TX` for each account, '' where unknown."""
    k = len(roster)
    counts = np.bincount(plan.territory, minlength=k)
    hours = np.bincount(plan.territory, weights=plan.hours, minlength=k)
    value = np.bincount(plan.territory, weights=accounts.value_usd, minlength=k)
    names = _names(plan.territory, roster, cities)
    width, vacant = len(str(k)), roster.vacant
    return tuple(
        Territory(
            key=f"T{row + 1:0{width}d}",
            name=names[row],
            rep_id=None if vacant[row] else str(roster.ids[row]),
            hours_per_year=round(float(hours[row]), 2),
            value_usd=round(float(value[row]), 2),
            accounts=int(counts[row]),
            lon_deg=_known(plan.centre_lon_deg[row]),
            lat_deg=_known(plan.centre_lat_deg[row]),
            area_wkb=bytes(shapely.to_wkb(areas.polygons[row])),
        )
        for row in range(k)
    )


def alignment_rows(
    accounts: AccountColumns, plan: TerritoryPlan, territories: Sequence[Territory]
) -> Alignment:
    """Return which territory each account belongs to, with the reason and the runner-up."""
    keys = [one.key for one in territories]
    return Alignment(
        account_ids=accounts.ids,
        territory=_keyed(plan.territory, keys),
        hours_per_year=plan.hours.round(4),
        distance_km=plan.km.round(3),
        runner_up=_keyed(plan.runner_up, keys),
        runner_up_km=plan.runner_up_km.round(3),
        locked=plan.reason == ReasonCode.LOCKED,
        reason=TextColumn.of(_sentences(plan, [one.name for one in territories])),
        would_change=TextColumn.of(would_change(plan, np.arange(len(accounts)))),
    )


def _names(territory: Ints, roster: RosterColumns, cities: Sequence[str]) -> list[str]:
    """Return each territory's most frequent city, numbered where several share it."""
    counted: list[Counter[str]] = [Counter() for _ in range(len(roster))]
    for row, city in zip(territory.tolist(), cities, strict=True):
        if city:
            counted[row][city] += 1
    found = [
        min(count.items(), key=lambda item: (-item[1], item[0]))[0] if count else roster.names[row]
        for row, count in enumerate(counted)
    ]
    times, seen = Counter(found), Counter[str]()
    names = []
    for name in found:
        seen[name] += 1
        names.append(f"{name} ({seen[name]})" if times[name] > 1 else name)
    return names


def _sentences(plan: TerritoryPlan, names: Sequence[str]) -> list[str]:
    """Return why each account is where it is.

    `Houston, TX: its centre is the nearest (12 km, 19 min; next is Katy, TX, 30 km, 41 min)`.
    """
    rows = np.arange(len(plan.territory))
    here, there = (
        _legs(plan.km, plan.minutes),
        _legs(plan.runner_up_km, plan.runner_up_minutes),
    )
    return [
        f"{names[own]}: {_said(plan, code, cause, blocking)} ({leg}"
        + (f"; next is {names[other]}, {other_leg})" if other >= 0 else ")")
        for own, code, cause, blocking, leg, other, other_leg in zip(
            plan.territory.tolist(),
            plan.reason.tolist(),
            causes(plan, rows),
            plan.blocking.tolist(),
            here,
            plan.runner_up.tolist(),
            there,
            strict=True,
        )
    ]


def _said(plan: TerritoryPlan, code: int, cause: str, blocking: int) -> str:
    if code == ReasonCode.BALANCE:
        return f"it keeps the {plan.bands[blocking].name} of the territories within their limits"
    return f"{_WORDS[code]}, {cause}" if cause else _WORDS[code]


def _legs(km: Floats, minutes: Floats) -> list[str]:
    """Return `12 km`, and `12 km, 19 min` where the drive is known."""
    return [
        f"{one:,.0f} km, {drive:.0f} min" if drive < np.inf else f"{one:,.0f} km"
        for one, drive in zip(km.tolist(), minutes.tolist(), strict=True)
    ]


def _keyed(rows: Ints, keys: list[str]) -> TextColumn:
    """Return keys of territories by row; they ascend with the row, as a vocabulary has to."""
    return TextColumn(rows.astype(np.int32), tuple(keys))


def _known(degrees: float) -> float | None:
    return None if np.isnan(degrees) else float(degrees)
