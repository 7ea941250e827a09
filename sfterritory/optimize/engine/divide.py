"""From a basis of travel to whole accounts within bands: exact balance, vote, polish, windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.balance import Balanced, balance
from sfterritory.optimize.engine.basis import Basis, GivenArcs
from sfterritory.optimize.engine.bound import lower_bound
from sfterritory.optimize.engine.candidate import Arcs, merged
from sfterritory.optimize.engine.kernel import Longs
from sfterritory.optimize.engine.lloyd import Band
from sfterritory.optimize.engine.piece import cut
from sfterritory.optimize.engine.polish import polish
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.engine.relax import FreeBand
from sfterritory.optimize.engine.window import Ground, cheaper, mended

_PIECE_SHARE = 0.005
_POLISH_ROUNDS = 6
_WINDOWS, _MENDING_WINDOWS = 40, 20
_FEW_ROWS, _GOOD_GAP = 2_500, 0.005  # beyond: they take longer than what they gain is worth
_ROUNDING = 1e-9  # of a mean load
COLD_ROUNDS, WARM_ROUNDS = (4, 12), (1, 12)  # former prices are near the right ones


@dataclass(frozen=True, slots=True)
class Divided:
    """Who gets the rows of a basis.

    Attributes:
        first: Rep of each row at stage one, shape (n,).
        rep: Rep of each row after improvement, shape (n,).
        psi: Price of each rep in km, shape (k,).
    """

    first: Ints
    rep: Ints
    psi: Floats


def divide(
    problem: Problem,
    chosen: Longs,
    basis: Basis,
    *,
    limits: FreeBand,
    how: tuple[Floats, tuple[int, int]],
    closely: bool = False,
) -> Divided:
    """Return who gets the rows of a basis, which are the accounts `chosen`, in that order.

    `how` has the prices to start from, shape (k,), and the rounds of candidates as `balance` has.
    Bands that moves leave broken are looked at in exact windows; `closely` asks for windows in
    small books whose cost is well above the bound, too.
    """
    psi, rounds = how
    exact = _exact(basis, limits.first, psi, rounds)
    arcs = exact.arcs
    amounts = np.column_stack([measure.amount[chosen] for measure in problem.measures])
    found = polish(
        arcs,
        basis.hours,
        amounts=amounts,
        band=limits.inset,
        at=exact.at,
        psi=exact.psi,
        rounds=_POLISH_ROUNDS,
    )
    first, at = found.first, found.at
    ground = Ground(arcs, basis.hours, amounts, *limits.inset, exact.psi)
    if not limits.conflicts and ground.outside(at).any():
        first = at = mended(ground, at, most=_MENDING_WINDOWS)
    if closely and len(at) <= _FEW_ROWS and _gap(basis, arcs, at, limits, exact.psi) > _GOOD_GAP:
        at = cheaper(ground, at, most=_WINDOWS)
    at = _never_dearer(ground, first, at, limits)
    return Divided(arcs.rep[first], arcs.rep[at], exact.psi)


def _never_dearer(ground: Ground, first: Longs, at: Longs, limits: FreeBand) -> Longs:
    """Return the first answer in place of a dearer one, if it keeps the limits that were asked for.

    Polishing keeps within an inset of these, and pays for that where the first answer did not.
    """
    lo, hi = limits.whole
    asked = ground._replace(lo=lo, hi=hi)
    dearer = ground.cost(at).sum() > ground.cost(first).sum()
    return first if dearer and (asked.outside(first) <= _ROUNDING).all() else at


def _gap(basis: Basis, arcs: Arcs, at: Longs, limits: FreeBand, psi: Floats) -> float:
    """Return how far a plan is above the bound of the prices, as a share of the plan."""
    cost = float((basis.hours * arcs.cost_km[at]).sum())
    bound = lower_bound(basis.hours, basis.least_km(psi), band=limits.first, psi=psi)
    return 1.0 - bound / cost if cost > 0 else 0.0


def _exact(basis: Basis, band: Band, psi: Floats, rounds: tuple[int, int]) -> Balanced:
    """Return the balance of whole rows made exact on pieces; arcs and places are of whole rows."""
    k = len(psi)
    whole = balance(basis, band=band, psi=psi, rounds=rounds)
    fresh = basis.arcs(whole.psi)
    arcs = fresh if fresh is whole.arcs else merged(whole.arcs, fresh)
    pieces = cut(basis.hours, most_hours=_PIECE_SHARE * float(basis.hours.sum()) / k)
    found = balance(
        GivenArcs(pieces.hours, arcs.of_rows(pieces.of_row)),
        band=band,
        psi=whole.psi,
        rounds=(1, 1),
        stay=whole.rep[pieces.of_row],
    )
    at = np.flatnonzero(arcs.rep == pieces.vote(found.rep, k=k)[arcs.row])
    return Balanced(arcs, at, found.psi, whole.paths + found.paths)
