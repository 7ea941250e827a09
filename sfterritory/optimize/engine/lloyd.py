"""Rounds of balance and medians: where free centres go.

Source: Lloyd (1982), with balanced loads in place of the nearest centre, and medians for means.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sfterritory.model.columns import Flags, Floats
from sfterritory.optimize.engine.answer import Start
from sfterritory.optimize.engine.balance import balance
from sfterritory.optimize.engine.basis import GivenArcs
from sfterritory.optimize.engine.candidate import Arcs, candidate_arcs, recosted
from sfterritory.optimize.engine.centre import medians, reseeded
from sfterritory.optimize.engine.rows import Blocks, Rows
from sfterritory.optimize.engine.terms import Terms

_NEAR, _CHEAP = 2, 4  # candidates of a round: the next one mends what they miss
_FRESH_EVERY = 4  # rounds for which candidates stay, at the costs of the centres of each round
_MEDIAN_STEPS = 8
_OVERSHOOT = 1.5  # of the way to the median: it moves on in the next round, mostly the same way
_NARROW = 0.1  # of the load: while bands are wider than this, centres jump and candidates age

Band = tuple[Floats, Floats]


def moved_centres(
    rows: Rows,
    blocks: Blocks,
    start: Start,
    *,
    terms: Terms,
    bands: Sequence[Band],
    free: Flags,
) -> Start:
    """Return centres and prices after one round for each of `bands` (lo and hi, each (k,))."""
    centres, psi, arcs, stay = start.centres, start.psi, None, None
    for turn, (lo, hi) in enumerate(bands):
        fresh = arcs is None or turn % _FRESH_EVERY == 0
        arcs = _arcs(rows, blocks, centres, psi, terms) if fresh or arcs is None else _at(
            arcs, rows, centres, terms
        )
        found = balance(
            GivenArcs(rows.hours, arcs), band=(lo, hi), psi=psi, rounds=(1, 1), stay=stay
        )
        target = np.where(np.isfinite(hi), 0.5 * (lo + hi), lo)
        now, psi = reseeded(
            rows, found.rep, centres, psi=found.psi, target=target, free=free, terms=terms
        )
        arcs = None if now is not centres else arcs
        stay = found.rep
        middle = medians(rows.vectors, rows.hours, found.rep, now, free, _MEDIAN_STEPS)
        last = turn + 1 == len(bands)
        centres = middle if last else _beyond(now, middle)
    return Start(centres, psi)
