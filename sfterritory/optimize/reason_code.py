"""What decided where each unit belongs: one reason of `ReasonCode` each, checked one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.optimize.alignment import ReasonCode
from sfterritory.optimize.band import Band
from sfterritory.optimize.choice import Choice
from sfterritory.optimize.engine.kernel import FAR_PRICE_KM, TIE_KM
from sfterritory.optimize.engine.problem import Problem

_AT_BEST = (
    ReasonCode.NEAREST,
    ReasonCode.STAYS,
    ReasonCode.ALLOWED,
    ReasonCode.IN_REACH,
    ReasonCode.PREFERRED,
)


@dataclass(frozen=True, slots=True)
class NearerRep:
    """What an hour of each unit would save with the rep of the nearest centre; all of shape (u,).

    Each holds if one thing that keeps the unit from there were lifted and nothing else: 0 or less
    where that is not enough, NaN where it does not stand in the way.

    Attributes:
        if_allowed: The rep might have it.
        if_in_reach: The rep might have it at any distance.
        if_as_fit: The rep fitted it no worse.
    """

    if_allowed: Floats
    if_in_reach: Floats
    if_as_fit: Floats

    def saves_km(self, reason: NDArray[np.int8]) -> Floats:
        """Return what lifting the thing that a reason names saves, NaN where that is nothing."""
        saved = np.select(
            [reason == ReasonCode.ALLOWED, reason == ReasonCode.IN_REACH],
            [self.if_allowed, self.if_in_reach],
            default=np.where(reason == ReasonCode.PREFERRED, self.if_as_fit, np.nan),
        )
        with np.errstate(invalid="ignore"):
            return np.where(saved > 0, saved, np.nan)


def nearer_rep(problem: Problem, territory: Ints, choice: Choice) -> NearerRep:
    """Return what keeps the nearest rep from having each unit, one thing at a time."""
    near, group = choice.nearest, problem.group
    extra_own, extra_near = problem.extra_km[group, territory], problem.extra_km[group, near]
    never, worse = np.isinf(extra_near), np.isfinite(extra_near) & (extra_near > extra_own)
    far = choice.nearest_km > problem.max_km[near]
    leaves = (problem.rep >= 0) & (problem.rep != near)
    leg = choice.nearest_leg + np.where(leaves, problem.churn_km, 0.0)
    reached = leg + np.where(far, FAR_PRICE_KM, 0.0)
    own = choice.cost_km
    return NearerRep(
        if_allowed=np.where(never, own - reached, np.nan),
        if_in_reach=np.where(far, own - leg - extra_near, np.nan),
        if_as_fit=np.where(worse, own - reached - np.where(worse, extra_own, 0.0), np.nan),
    )


def reason_codes(
    problem: Problem,
    territory: Ints,
    choice: Choice,
    *,
    nearer: NearerRep,
    blocking: NDArray[np.int8],
    one_piece: bool,
) -> NDArray[np.int8]:
    """Return the reason of every unit, int8, shape (u,).

    `blocking` is the demand that stands in the way of a move to the runner-up, -1 for none;
    `one_piece` says whether territories were joined at all.
    """
    own, together = territory, problem.held_together
    at_best = choice.cost_km <= choice.runner_up_cost_km + TIE_KM
    would_go = (problem.rep == own) & (choice.cost_km > choice.runner_up_cost_km - problem.churn_km)
    may = np.isfinite(problem.extra_km).sum(axis=1)
    decided = (
        (problem.lock >= 0, ReasonCode.LOCKED),
        (np.full(len(own), problem.n_reps == 1), ReasonCode.ONLY_TERRITORY),
        (may[problem.group] == 1, ReasonCode.ONLY_ONE_MAY),
        (at_best & (choice.leg <= choice.nearest_leg + TIE_KM), ReasonCode.NEAREST),
        (at_best & would_go, ReasonCode.STAYS),
        # what alone keeps the nearest rep from having it, before what does so among others
        (at_best & (nearer.if_allowed > 0), ReasonCode.ALLOWED),
        (at_best & (nearer.if_in_reach > 0), ReasonCode.IN_REACH),
        (at_best & (nearer.if_as_fit > 0), ReasonCode.PREFERRED),
        (at_best & (problem.rep == own), ReasonCode.STAYS),
        (at_best & ~np.isnan(nearer.if_allowed), ReasonCode.ALLOWED),
        (at_best & ~np.isnan(nearer.if_in_reach), ReasonCode.IN_REACH),
        (at_best & ~np.isnan(nearer.if_as_fit), ReasonCode.PREFERRED),
        (at_best, ReasonCode.NEAREST),
        (blocking >= 0, ReasonCode.BALANCE),
        (
            one_piece & (together[own] | together[np.maximum(choice.runner_up, 0)]),
            ReasonCode.ONE_PIECE,
        ),
    )
    reason = np.select(
        [holds for holds, _ in decided],
        [code for _, code in decided],
        default=ReasonCode.SEARCH_ENDED,
    )
    return reason.astype(np.int8)


def following_unit(
    code: NDArray[np.int8], *, together: Flags, stranger: Flags, difference_km: Floats
) -> NDArray[np.int8]:
    """Return the reasons of accounts, with `UNIT` where their unit's reason is not theirs.

    Where a limit keeps the unit, that is what keeps each account of it, wherever it would go alone.

    Args:
        code: Reason of the account's unit.
        together: Whether the unit has other accounts.
        stranger: Whether the account's own rep is not who has it now.
        difference_km: What an hour of the account itself costs more at the unit's runner-up.
    """
    with np.errstate(invalid="ignore"):
        other = np.isin(code, _AT_BEST) & (difference_km < 0)
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
