"""Rounds of balance and medians: where free centres go.

Source: Lloyd (1982), with balanced loads in place of the nearest centre, and medians for means.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sfterritory.model.columns import Flags, Floats
from sfterritory.model.sphere import Vectors
from sfterritory.optimize.engine.answer import Start
from sfterritory.optimize.engine.balance import balance
from sfterritory.optimize.engine.basis import GivenArcs
from sfterritory.optimize.engine.candidate import candidate_arcs, recosted
from sfterritory.optimize.engine.centre import medians, reseeded
from sfterritory.optimize.engine.rows import Blocks, Rows
from sfterritory.optimize.engine.terms import Terms

_MEDIAN_STEPS = 8
_OVERSHOOT = 1.5  # of the way to the median: most centres go on the same way in the next round

Band = tuple[Floats, Floats]


class Pace(NamedTuple):
    """How closely a round looks.

    Attributes:
        near: Nearest reps among the candidates of a row.
        cheap: Cheapest reps among them.
        fresh_every: Rounds for which candidates stay, at what present centres make them cost.
    """

    near: int
    cheap: int
    fresh_every: int


FIRST_LOOK = Pace(6, 8, 1)  # bands narrow and centres go far
CLOSE_LOOK = Pace(2, 4, 4)  # centres are nearly right, and the next round mends what is missed


def moved_centres(  # noqa: PLR0913 - what is divided, between whom, and in how many rounds
    rows: Rows,
    blocks: Blocks,
    start: Start,
    *,
    terms: Terms,
    bands: Sequence[Band],
    free: Flags,
    pace: Pace,
) -> Start:
    """Return centres and prices after a round for each of `bands`, lo and hi of shape (k,)."""
    centres, psi, arcs, stay = start.centres, start.psi, None, None
    for turn, (lo, hi) in enumerate(bands):
        if arcs is None or turn % pace.fresh_every == 0:
            arcs = candidate_arcs(
                rows, blocks, centres, terms=terms, psi=psi, near=pace.near, cheap=pace.cheap
            )
        else:
            arcs = recosted(arcs, rows, centres, terms)
        basis = GivenArcs(rows.hours, arcs)
        found = balance(basis, band=(lo, hi), psi=psi, rounds=(1, 1), stay=stay)
        stay = found.rep
        target = np.where(np.isfinite(hi), 0.5 * (lo + hi), lo)
        placed, psi = reseeded(
            rows, stay, centres, psi=found.psi, target=target, free=free, terms=terms
        )
        if placed is not centres:
            arcs = None
        middle = medians(rows.vectors, rows.hours, stay, placed, free, _MEDIAN_STEPS)
        centres = middle if turn + 1 == len(bands) else _beyond(placed, middle)
    return Start(centres, psi)


def _beyond(centres: Vectors, middle: Vectors) -> Vectors:
    """Return unit vectors some way beyond the medians; centres that did not move stay."""
    there = centres + _OVERSHOOT * (middle - centres)
    length = np.sqrt((there * there).sum(axis=1, keepdims=True))
    moved = (middle != centres).any(axis=1, keepdims=True) & (length > 0.5)
    return np.where(moved, there / np.maximum(length, 0.5), middle)
