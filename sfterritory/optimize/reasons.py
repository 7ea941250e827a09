"""Why an account belongs to its territory, in words and figures a rep can check."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.optimize.alignment import ReasonCode, TerritoryPlan
from sfterritory.optimize.band import Band


@dataclass(frozen=True, slots=True)
class AssignmentReason:
    """One account's reason.

    Attributes:
        code: What decided.
        territory: Roster row of the territory.
        km: Distance to its centre.
        runner_up: Roster row of the next best, -1 where there is none.
        runner_up_km: Distance to its centre, NaN where there is none.
        cost_difference_km: How much more an hour would cost at the runner-up, in km-equivalents;
            below 0 where that is cheaper but a limit forbids it; NaN where there is none.
        would_change: What would have to be different for the runner-up to get the account.
    """

    code: ReasonCode
    territory: int
    km: float
    runner_up: int
    runner_up_km: float
    cost_difference_km: float
    would_change: str


def explain(plan: TerritoryPlan, row: int) -> AssignmentReason:
    """Return the reason of one account, by its row in the plan.

    Raises:
        IndexError: The plan has no such row.
    """
    if not 0 <= row < len(plan.territory):
        raise IndexError(f"row {row} is not one of the plan's {len(plan.territory)} accounts")
    own, other = int(plan.territory[row]), int(plan.runner_up[row])
    code = ReasonCode(int(plan.reason[row]))
    difference = (
        float("nan") if other < 0 else _cost_km(plan, row, other) - _cost_km(plan, row, own)
    )
    return AssignmentReason(
        code=code,
        territory=own,
        km=float(plan.km[row]),
        runner_up=other,
        runner_up_km=float(plan.runner_up_km[row]),
        cost_difference_km=difference,
        would_change=_would_change(plan, row, code=code, difference_km=difference),
    )


def reason_codes(
    *,
    territory: Ints,
    owners: tuple[Ints, Flags],
    best: Ints,
    nearest: Ints,
    amounts: Floats,
    bands: tuple[Band, Band],
) -> NDArray[np.int8]:
    """Return the reason of every account.

    `owners` are today's reps and the locks, `best` is its cheapest territory before limits,
    `nearest` the one with the nearest centre. Where it did not get its best, the limit that forbids
    the move is the reason: too full there, or too empty here.
    """
    rep, locked = owners
    hours_blocks = _blocks(bands[0], amounts[0], territory, best)
    value_blocks = _blocks(bands[1], amounts[1], territory, best)
    at_best = territory == best
    reason = np.select(
        [
            locked,
            np.full(len(territory), len(bands[0].load) == 1),
            at_best & (territory == nearest),
            at_best & (territory == rep),
            at_best,
            hours_blocks,
            value_blocks,
        ],
        [
            ReasonCode.LOCKED,
            ReasonCode.ONLY_TERRITORY,
            ReasonCode.NEAREST,
            ReasonCode.STAYS,
            ReasonCode.NEAREST,
            ReasonCode.BALANCE_HOURS,
            ReasonCode.BALANCE_VALUE,
        ],
        default=ReasonCode.SEARCH_ENDED,
    )
    return reason.astype(np.int8)


def _blocks(band: Band, amount: Floats, territory: Ints, best: Ints) -> Flags:
    counted = band.load - band.excess
    slack = 1e-9 * np.maximum(band.target, 1e-9)
    full = counted[best] + amount > (band.hi + slack)[best]
    empty = counted[territory] - amount < (band.lo - slack)[territory]
    blocked: Flags = full | empty
    return blocked


def _cost_km(plan: TerritoryPlan, row: int, territory: int) -> float:
    km = plan.km[row] if territory == plan.territory[row] else plan.runner_up_km[row]
    stays = plan.rep[row] in (territory, -1)
    return float(km) + (0.0 if stays else plan.churn_price_km)


def _would_change(plan: TerritoryPlan, row: int, *, code: ReasonCode, difference_km: float) -> str:
    own, other = int(plan.territory[row]), int(plan.runner_up[row])
    if code is ReasonCode.LOCKED:
        return "unlock the account"
    if code is ReasonCode.ONLY_TERRITORY or other < 0:
        return "add a second rep to the roster"
    if code in (ReasonCode.BALANCE_HOURS, ReasonCode.BALANCE_VALUE):
        hours = code is ReasonCode.BALANCE_HOURS
        band = plan.hours_band if hours else plan.value_band
        amount = (plan.hours if hours else plan.counted_value_usd)[row]
        unit = "hours" if hours else "USD"
        room = max(0.0, float(band.hi[other] - band.load[other] + band.excess[other]))
        spare = max(0.0, float(band.load[own] - band.excess[own] - band.lo[own]))
        return (
            f"it takes {amount:,.1f} {unit}: the runner-up has room for {room:,.1f} and this "
            f"territory can spare {spare:,.1f}"
        )
    if code is ReasonCode.SEARCH_ENDED:
        return "allow more rounds"
    if code is ReasonCode.STAYS and plan.runner_up_km[row] < plan.km[row]:
        return f"a churn price lower by {difference_km:.1f} km an hour"
    return f"the runner-up's centre {difference_km:.1f} km nearer, as it counts"
