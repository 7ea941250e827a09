"""Territories as they are kept: name, area and figures of each, and a reason for every account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import shapely

from sfterritory.geography.areas import Areas
from sfterritory.model.columns import AccountColumns, Ints, RosterColumns, TextColumn
from sfterritory.model.store.territory import Alignment, Territory
from sfterritory.optimize.alignment import ReasonCode, TerritoryPlan
from sfterritory.optimize.reasons import AssignmentReason, explain

_WORDS = {
    ReasonCode.LOCKED: "locked to its owner",
    ReasonCode.ONLY_TERRITORY: "the only territory there is",
    ReasonCode.NEAREST: "its centre is the nearest",
    ReasonCode.STAYS: "it stays with its owner: moving would not save enough travel",
    ReasonCode.BALANCE_HOURS: "it keeps the hours of the territories within their limits",
    ReasonCode.BALANCE_VALUE: "it keeps the value of the territories within their limits",
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
    width = len(str(k))
    return tuple(
        Territory(
            key=f"T{row + 1:0{width}d}",
            name=names[row],
            rep_id=str(roster.ids[row]),
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
    keys: list[str | None] = [*(one.key for one in territories), None]
    names = [one.name for one in territories]
    reasons = [explain(plan, row) for row in range(len(accounts))]
    return Alignment(
        account_ids=accounts.ids,
        territory=TextColumn.of([keys[row] for row in plan.territory.tolist()]),
        hours_per_year=plan.hours.round(4),
        distance_km=plan.km.round(3),
        runner_up=TextColumn.of([keys[row] for row in plan.runner_up.tolist()]),
        runner_up_km=plan.runner_up_km.round(3),
        locked=accounts.locked,
        reason=TextColumn.of([_sentence(one, names) for one in reasons]),
        would_change=TextColumn.of([one.would_change for one in reasons]),
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


def _sentence(reason: AssignmentReason, names: Sequence[str]) -> str:
    """Return why an account is where it is: `Houston, TX: its centre is the nearest (12 km)`."""
    second = (
        f"; next is {names[reason.runner_up]} ({reason.runner_up_km:,.0f} km)"
        if reason.runner_up >= 0
        else ""
    )
    return f"{names[reason.territory]}: {_WORDS[reason.code]} ({reason.km:,.0f} km{second})"


def _known(degrees: float) -> float | None:
    return None if np.isnan(degrees) else float(degrees)
