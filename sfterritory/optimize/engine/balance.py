"""Loads into their bands at the least cost: candidates, the cheapest of them, augmenting paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.basis import Basis
from sfterritory.optimize.engine.candidate import Arcs
from sfterritory.optimize.engine.heap import make_board
from sfterritory.optimize.engine.kernel import TIE_KM, Longs, compiled
from sfterritory.optimize.engine.path import augment


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
    rounds: int = 4,
    stay: Ints | None = None,
) -> Balanced:
    """Return an assignment within lo and hi as far as whole rows allow, and its prices.

    Args:
        basis: At least one row, and who may have it.
        band: lo and hi of the load of each centre, each of shape (k,).
        psi: Prices to start from, shape (k,).
        rounds: How often candidates are found anew at the new prices, at most.
        stay: Who should have each row where several cost the same, -1 for nobody.
    """
    lo, hi = band
    hours, paths = basis.hours, 0
    if stay is None:
        stay = np.full(len(hours), -1, dtype=np.int32)
    for _ in range(rounds):
        arcs = basis.arcs(psi)
        board = make_board(arcs, hours, at=cheapest(arcs, psi, stay), psi=psi)
        found = int(augment(board, lo, hi))
        paths += found
        psi, stay = board.psi, arcs.rep[board.at]
        if found == 0:
            break
    return Balanced(arcs, board.at, psi, paths)


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
