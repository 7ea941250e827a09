"""Why an account belongs to its territory, in words and figures a rep can check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfterritory.optimize.alignment import ReasonCode, TerritoryPlan
from sfterritory.optimize.band import written
from sfterritory.optimize.engine.kernel import TIE_KM
from sfterritory.optimize.mode import REPAIR_CHURN_KM


@dataclass(frozen=True, slots=True)
class AssignmentReason:
    """One account's reason.

    Attributes:
        code: What decided.
        cause: What locked it, or what left only some reps; '' where neither did.
        territory: Roster row of the territory.
        km: Distance to its centre.
        minutes: Drive from its centre, NaN without travel times.
        runner_up: Roster row of the next best, -1 where there is none.
        runner_up_km: Distance to its centre, NaN where there is none.
        runner_up_minutes: Drive from its centre, NaN where there is none.
        cost_difference_km: How much more an hour would cost at the runner-up, in km-equivalents;
            below 0 where that is cheaper but something forbids it; NaN where there is none.
        would_change: What would have to be different for the runner-up to get the account.
    """

    code: ReasonCode
    cause: str
    territory: int
    km: float
    minutes: float
    runner_up: int
    runner_up_km: float
    runner_up_minutes: float
    cost_difference_km: float
    would_change: str


def explain(plan: TerritoryPlan, row: int) -> AssignmentReason:
    """Return the reason of one account, by its row in the plan.

    Raises:
        IndexError: The plan has no such row.
    """
    if not 0 <= row < len(plan.territory):
        raise IndexError(f"row {row} is not one of the plan's {len(plan.territory)} accounts")
    one = np.array([row])
    return AssignmentReason(
        code=ReasonCode(int(plan.reason[row])),
        cause=causes(plan, one)[0],
        territory=int(plan.territory[row]),
        km=float(plan.km[row]),
        minutes=float(plan.minutes[row]),
        runner_up=int(plan.runner_up[row]),
        runner_up_km=float(plan.runner_up_km[row]),
        runner_up_minutes=float(plan.runner_up_minutes[row]),
        cost_difference_km=float(plan.cost_difference_km[row]),
        would_change=would_change(plan, one)[0],
    )


def causes(plan: TerritoryPlan, rows: NDArray[np.integer]) -> list[str]:
    """Return what locked each account, or what left only some reps for it; '' for neither."""
    locks: list[str] = [*plan.lock_cause.vocabulary, ""]
    locked = ReasonCode.LOCKED
    fitted = {ReasonCode.ONLY_ONE_MAY, ReasonCode.ALLOWED, ReasonCode.PREFERRED}
    return [
        locks[lock] if code == locked else plan.group_cause[group] if code in fitted else ""
        for code, lock, group in zip(
            plan.reason[rows].tolist(),
            plan.lock_cause.codes[rows].tolist(),
            plan.group[rows].tolist(),
            strict=True,
        )
    ]


def would_change(plan: TerritoryPlan, rows: NDArray[np.integer]) -> list[str]:
    """Return what would have to be different for the runner-up of each account to get it."""
    return [
        _SAID.get(code) or _nearer(plan, row, code=code)
        for row, code in zip(rows.tolist(), _told(plan, rows), strict=True)
    ]


_SAID: dict[int, str] = {
    ReasonCode.ONLY_TERRITORY: "add a second rep to the roster",
    ReasonCode.ONLY_ONE_MAY: "let another rep have accounts of this kind",
    ReasonCode.UNIT: "take the account out of its unit",
    ReasonCode.ONE_PIECE: "allow territories in more than one piece",
    ReasonCode.SEARCH_ENDED: "nothing: the runner-up has room for it, and the search ended first",
}

_LIFTED: dict[int, str] = {
    ReasonCode.ALLOWED: "let the nearest rep have accounts of this kind",
    ReasonCode.IN_REACH: "allow the nearest rep a longer distance",
    ReasonCode.PREFERRED: "no preference over the nearest rep",
}


def _told(plan: TerritoryPlan, rows: NDArray[np.integer]) -> list[int]:
    """Return codes; where there is no runner-up and nothing that settles it, the only territory."""
    code = plan.reason[rows]
    settled = np.isin(code, (ReasonCode.LOCKED, ReasonCode.ONLY_ONE_MAY))
    alone = (plan.runner_up[rows] < 0) & ~settled
    told: list[int] = np.where(alone, int(ReasonCode.ONLY_TERRITORY), code).tolist()
    return told


def _nearer(plan: TerritoryPlan, row: int, *, code: int) -> str:
    if code == ReasonCode.BALANCE:
        return _room(plan, row)
    if code == ReasonCode.LOCKED:
        return " and ".join(["unlock the account", *_closer(plan, row)])
    if code in _LIFTED and plan.lifted_km[row] > 0:
        return f"{_LIFTED[code]}: it saves {_leg(plan, float(plan.lifted_km[row]))} an hour"
    difference_km = float(plan.cost_difference_km[row])
    stays = code == ReasonCode.STAYS and not plan.repair
    if stays and plan.churn_km[row] >= difference_km:
        return f"a price of change lower by {_leg(plan, difference_km)} an hour"
    return " and ".join(_closer(plan, row))


def _closer(plan: TerritoryPlan, row: int) -> Iterator[str]:
    """Yield what makes the runner-up the cheaper one, nothing where it is that already."""
    if plan.runner_up[row] < 0:
        alone = len(plan.price_km) == 1
        yield _SAID[ReasonCode.ONLY_TERRITORY if alone else ReasonCode.ONLY_ONE_MAY]
    difference_km = float(plan.cost_difference_km[row])
    if plan.repair and plan.rep[row] == plan.territory[row]:
        yield "a build in place of a repair, which moves only what breaks a limit"
        difference_km -= REPAIR_CHURN_KM
    if difference_km >= -TIE_KM:
        nearer = _leg(plan, max(0.0, difference_km))
        yield f"the runner-up's centre {nearer} nearer, as it counts"


def _leg(plan: TerritoryPlan, km: float) -> str:
    return f"{km:.1f} {'min' if plan.travel_source else 'km'}"  # a minute counts as a km


def _room(plan: TerritoryPlan, row: int) -> str:
    """Return, for an account that a limit keeps, what it takes and what room there is."""
    size = int(plan.together[row])
    who = "it" if size == 1 else f"its unit of {size:,} accounts"
    band = plan.bands[int(plan.blocking[row])]
    own, other = int(plan.territory[row]), int(plan.runner_up[row])
    room = max(0.0, float(band.hi[other] - band.load[other]))
    spare = max(0.0, float(band.load[own] - band.lo[own]))
    name = "" if band.unit == "h" else f" of {band.name}"
    return (
        f"{who} takes {written(float(plan.moving[row]), band.unit)}{name}: the runner-up has room "
        f"for {written(room, band.unit)} and this territory can spare {written(spare, band.unit)}"
    )
