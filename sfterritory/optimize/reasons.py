"""Why an account belongs to its territory, in words and figures a rep can check."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.optimize.alignment import ReasonCode, TerritoryPlan
from sfterritory.optimize.band import Band, written
from sfterritory.optimize.choice import Choice
from sfterritory.optimize.engine.kernel import TIE_KM
from sfterritory.optimize.engine.problem import Problem

_AT_BEST = (
    ReasonCode.NEAREST,
    ReasonCode.STAYS,
    ReasonCode.ALLOWED,
    ReasonCode.IN_REACH,
    ReasonCode.PREFERRED,
)
_NOT_AT_BEST = (ReasonCode.BALANCE, ReasonCode.ONE_PIECE, ReasonCode.SEARCH_ENDED)


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
    ReasonCode.LOCKED: "unlock the account",
    ReasonCode.ONLY_TERRITORY: "add a second rep to the roster",
    ReasonCode.ONLY_ONE_MAY: "let another rep have accounts of this kind",
    ReasonCode.ALLOWED: "let the nearer reps have accounts of this kind",
    ReasonCode.IN_REACH: "a longer distance allowed to the nearer reps",
    ReasonCode.UNIT: "take the account out of its unit",
    ReasonCode.ONE_PIECE: "allow territories in more than one piece",
    ReasonCode.SEARCH_ENDED: "wider limits: other accounts take the room at the runner-up",
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
    difference_km = plan.cost_difference_km[row]
    by = f"{difference_km:.1f} {'min' if plan.travel_source else 'km'}"  # a minute counts as a km
    if code == ReasonCode.PREFERRED:
        return f"a preference weaker by {by} an hour"
    if code == ReasonCode.STAYS and plan.churn_km[row] >= difference_km:
        return f"a price of change lower by {by} an hour"
    return f"the runner-up's centre {by} nearer, as it counts"


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


def reason_codes(
    problem: Problem,
    territory: Ints,
    choice: Choice,
    *,
    blocking: NDArray[np.int8],
    one_piece: bool,
) -> NDArray[np.int8]:
    """Return the reason of every unit, int8, shape (u,).

    `blocking` is the demand that stands in the way of a move to the runner-up, -1 for none;
    `one_piece` says whether territories were joined at all.
    """
    own, z = territory, choice.nearest
    at_best = choice.cost_km <= choice.runner_up_cost_km + TIE_KM
    would_go = (problem.rep == own) & (choice.cost_km > choice.runner_up_cost_km - problem.churn_km)
    extra_km, group = problem.extra_km, problem.group
    extra_own, extra_z = extra_km[group, own], extra_km[group, z]
    may = np.isfinite(extra_km).sum(axis=1)
    together = problem.held_together
    reason = np.select(
        [
            problem.lock >= 0,
            np.full(len(own), problem.n_reps == 1),
            may[group] == 1,
            at_best & (choice.leg <= choice.nearest_leg + TIE_KM),
            at_best & would_go,
            at_best & np.isinf(extra_z),
            at_best & (choice.nearest_km > problem.max_km[z]),
            at_best & (extra_z > extra_own),
            at_best & (problem.rep == own),
            at_best,
            blocking >= 0,
            one_piece & (together[own] | together[np.maximum(choice.runner_up, 0)]),
        ],
        [
            ReasonCode.LOCKED,
            ReasonCode.ONLY_TERRITORY,
            ReasonCode.ONLY_ONE_MAY,
            ReasonCode.NEAREST,
            ReasonCode.STAYS,
            ReasonCode.ALLOWED,
            ReasonCode.IN_REACH,
            ReasonCode.PREFERRED,
            ReasonCode.STAYS,
            ReasonCode.NEAREST,
            ReasonCode.BALANCE,
            ReasonCode.ONE_PIECE,
        ],
        default=ReasonCode.SEARCH_ENDED,
    )
    return reason.astype(np.int8)


def following_unit(
    code: NDArray[np.int8], *, together: Flags, stranger: Flags, difference_km: Floats
) -> NDArray[np.int8]:
    """Return the reasons of accounts, with `UNIT` where their unit's reason is not theirs.

    Args:
        code: Reason of the account's unit.
        together: Whether the unit has other accounts.
        stranger: Whether the account's own rep is not who has it now.
        difference_km: What an hour of the account itself costs more at the unit's runner-up.
    """
    best, not_best = np.isin(code, _AT_BEST), np.isin(code, _NOT_AT_BEST)
    with np.errstate(invalid="ignore"):
        other = (best & (difference_km < 0)) | (not_best & (difference_km >= 0))
    other |= (code == ReasonCode.STAYS) & stranger
    answer: NDArray[np.int8] = np.where(together & other, ReasonCode.UNIT, code).astype(np.int8)
    return answer


def blocking_demand(
    territory: Ints, runner_up: Ints, *, amounts: Floats, bands: tuple[Band, ...]
) -> NDArray[np.int8]:
    """Return the first demand whose limits forbid each unit's move to its runner-up, -1 for none.

    `amounts` are those of the units, shape (demands, u).
    """
    blocking = np.full(len(territory), -1, dtype=np.int8)
    for number in range(len(bands) - 1, -1, -1):
        band, amount = bands[number], amounts[number]
        slack = 1e-9 * np.maximum(band.load, 1e-9)
        full = band.load[runner_up] + amount > (band.hi + slack)[runner_up]
        empty = band.load[territory] - amount < (band.lo - slack)[territory]
        blocking[(full | empty) & (amount > 0) & (runner_up >= 0)] = number
    return blocking
