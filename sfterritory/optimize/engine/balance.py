"""Loads into their bands at the least cost: candidates, the cheapest of them, augmenting paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.basis import Basis
from sfterritory.optimize.engine.candidate import Arcs, merged
from sfterritory.optimize.engine.heap import Board, make_board
from sfterritory.optimize.engine.kernel import TIE_KM, Longs, compiled
from sfterritory.optimize.engine.newton import neared
from sfterritory.optimize.engine.path import EXACT_SHARE, augment

_ROUNDING_SHARE = 5e-4  # of all hours
_HELPS = 0.8
_EARLY_SLACK_SHARES = (0.05, 0.02, 0.01)  # of a load: later rounds find other candidates


@dataclass(frozen=True, slots=True)
class Balanced:
    """The answer of a balance.

    Attributes:
        arcs: Candidates at the last prices.
        at: The arc of each row, shape (n,).
        psi: Price of each centre in km, shape (k,).
        paths: How many paths were augmented.
    """

    arcs: Arcs
    at: Longs
    psi: Floats
    paths: int

    @property
    def rep(self) -> Ints:
        """Return who has each row, shape (n,)."""
        return self.arcs.rep[self.at]


def balance(
    basis: Basis,
    *,
    band: tuple[Floats, Floats],
    psi: Floats,
    rounds: tuple[int, int] = (4, 12),
    stay: Ints | None = None,
) -> Balanced:
    """Return an assignment within lo and hi as far as whole rows allow, and its prices.

    Args:
        basis: At least one row, and who may have it.
        band: lo and hi of the load of each centre, each of shape (k,).
        psi: Prices to start from, shape (k,).
        rounds: How often candidates are found anew at the new prices: as often as that, at most,
            and where loads then lie far outside their band still, at most so often.
        stay: Who should have each row where several cost the same, -1 for nobody; without it
            prices need not be near the right ones.
    """
    hours, paths = basis.hours, 0
    cold = stay is None
    if stay is None:
        stay = np.full(len(hours), -1, dtype=np.int32)
    usual, most = rounds
    off = np.inf
    fresh = arcs = basis.arcs(psi)
    for turn in range(most):
        if turn:
            fresh = basis.arcs(psi)
            # what was of use at other prices stays: without it loads can swing for ever
            arcs = fresh if fresh is arcs else merged(arcs, fresh)
        if cold and not turn:
            psi = neared(arcs, hours, band=band, psi=psi)
        board = make_board(arcs, hours, at=cheapest(arcs, psi, stay), psi=psi)
        exact = turn + 1 >= usual
        found = int(augment(board, *band, EXACT_SHARE if exact else _slack_share(turn)))
        paths += found
        psi, stay = board.psi, arcs.rep[board.at]
        before, off = off, _outside_share(board, band)
        # heavy rows leave loads outside for good: more rounds are worth it while they help
        done = off <= _ROUNDING_SHARE or off > _HELPS * before
        if exact and (found == 0 or fresh is arcs or done):
            break
    return Balanced(arcs, board.at, psi, paths)


def _slack_share(turn: int) -> float:
    return _EARLY_SLACK_SHARES[min(turn, len(_EARLY_SLACK_SHARES) - 1)]


def _outside_share(board: Board, band: tuple[Floats, Floats]) -> float:
    """Return the hours outside bands, as a share of all hours."""
    lo, hi = band
    outside = np.maximum(np.maximum(board.load - hi, lo - board.load), 0.0)
    return float(outside.sum()) / float(board.hours.sum())


@compiled
def cheapest(arcs: Arcs, psi: Floats, stay: Ints) -> Longs:
    """Return the arc of each row with the least cost less price; of equal ones where it is."""
    at = np.empty(len(arcs.start) - 1, dtype=np.int64)
    for row in range(len(at)):
        best, best_km = arcs.start[row], np.inf
        for arc in range(arcs.start[row], arcs.start[row + 1]):
            km = arcs.cost_km[arc] - psi[arcs.rep[arc]]
            if km < best_km - TIE_KM or (km < best_km + TIE_KM and arcs.rep[arc] == stay[row]):
                best, best_km = arc, min(km, best_km)
        at[row] = best
    return at
