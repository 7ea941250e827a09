"""Loads into their bands at the least cost: candidates, the cheapest of them, augmenting paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.basis import Basis
from sfterritory.optimize.engine.candidate import Arcs, merged
from sfterritory.optimize.engine.heap import make_board
from sfterritory.optimize.engine.kernel import TIE_KM, Longs, compiled
from sfterritory.optimize.engine.newton import neared
from sfterritory.optimize.engine.path import EXACT_SHARE, augment

_SLACK_SHARE = 0.005  # of a load: what prices need not settle, for whole rows are settled later
_ROW_SHARE = 0.5  # of the mean row: whole rows fit no limit better
_FEW_SHARE = 0.01  # of all rows: so few paths leave candidates as good as they were
_NEW_SHARE = 1.02  # of the candidates so far: fresh ones are the same


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
    usual, most = rounds
    given = stay is not None
    if stay is None:
        stay = np.full(len(hours), -1, dtype=np.int32)
    slack_share = EXACT_SHARE if given else max(_SLACK_SHARE, _ROW_SHARE * len(psi) / len(hours))
    arcs = basis.arcs(psi)
    for turn in range(most):
        if not given:
            psi = neared(arcs, hours, band=band, psi=psi)
        board = make_board(arcs, hours, at=cheapest(arcs, psi, stay), psi=psi)
        found = int(augment(board, *band, slack_share))
        paths += found
        psi, stay = board.psi, arcs.rep[board.at]
        if turn + 1 >= usual and found <= _FEW_SHARE * len(hours):
            break
        fresh = basis.arcs(psi)
        # what was of use at other prices stays: without it loads can swing for ever
        arcs = fresh if fresh is arcs else merged(arcs, fresh)
        if turn + 1 >= usual and len(arcs.rep) <= _NEW_SHARE * len(board.arcs.rep):
            break
    return Balanced(board.arcs, board.at, psi, paths)


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
