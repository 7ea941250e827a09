"""Three calls for data that does not fit one machine.

`aggregate` turns each part of the accounts into micro-cells, `solve` finds centres and prices for
the cells of all parts on one machine, `label` gives each part its reps from centres and prices.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.model.sphere import Vectors
from sfterritory.optimize.engine.answer import Start
from sfterritory.optimize.engine.balance import balance
from sfterritory.optimize.engine.basis import Distances
from sfterritory.optimize.engine.bound import cheapest_of_all
from sfterritory.optimize.engine.centre import start_centres
from sfterritory.optimize.engine.kernel import Longs
from sfterritory.optimize.engine.lloyd import FIRST_LOOK, Band, moved_centres
from sfterritory.optimize.engine.rows import Rows, grouped_order, make_blocks
from sfterritory.optimize.engine.terms import Terms

_COARSE_CELLS = (3, 12)  # a rep; the finest map is that of the cells themselves
_COARSE_ROUNDS = (1, 4)
_ROUNDS = 12
_WIDE, _TIGHTENED, _NARROW = 0.5, 0.75, 0.03


def aggregate(parts: Sequence[Rows], *, cells_per_part: int) -> Rows:
    """Return micro-cells of parts, one part after the other; a part's cells need only that part.

    A cell is of one group. Its rep is the one with most of its hours; what leaving costs is scaled
    by that share.
    """
    made = []
    for part in parts:
        if len(part.hours):
            order, start = grouped_order(part, parts=cells_per_part)
            made.append(summed(part.taken(order), start))
    return Rows(*(np.concatenate(columns) for columns in zip(*made, strict=True)))


def solve(
    cells: Rows,
    homes: Vectors,
    *,
    terms: Terms,
    band: Band,
    start: Start | None = None,
) -> Start:
    """Return centres and prices that divide cells within lo and hi of `band`, each (k,)."""
    order, cell_start = grouped_order(cells, parts=max(1, len(cells.hours)))
    rows = cells.taken(order)
    blocks = make_blocks(rows, cell_start)
    free: Flags = np.isnan(homes[:, 0])
    if start is None:
        start = Start(start_centres(rows, homes, terms), np.zeros(len(homes)))
        if not free.all():
            start = Start(start.centres, _rough_prices(cells, start.centres, terms, band))
    settled = Start(np.where(free[:, None], start.centres, homes), start.psi)
    if free.any():
        settled = moved_centres(
            rows, blocks, settled, terms=terms, bands=_narrowing(band), free=free, pace=FIRST_LOOK
        )
    basis = Distances(rows, blocks, settled.centres, terms)
    found = balance(basis, band=band, psi=settled.psi, rounds=(1, 6))
    return Start(settled.centres, found.psi)


def _rough_prices(cells: Rows, centres: Vectors, terms: Terms, band: Band) -> Floats:
    """Return prices from ever finer maps: homes need them, for hours go far to where reps live.

    Bands are wider by half a cell, so that whole cells fit them.
    """
    psi = np.zeros(len(centres))
    for per_rep in _COARSE_CELLS:
        if per_rep * len(psi) < len(cells.hours):
            coarse = aggregate([cells], cells_per_part=per_rep * len(psi))
            blocks = make_blocks(coarse, np.arange(len(coarse.hours) + 1))
            basis = Distances(coarse, blocks, centres, terms)
            psi = balance(basis, band=band, psi=psi, rounds=_COARSE_ROUNDS).psi
    return psi


def _narrowing(band: Band) -> list[Band]:
    """Return ever narrower bands, down to a little wider than the one that is wanted."""
    lo, hi = band
    wides = [max(_NARROW, _WIDE * _TIGHTENED**turn) for turn in range(_ROUNDS)]
    return [(lo * (1.0 - wide), hi * (1.0 + wide)) for wide in wides]


def label(part: Rows, settled: Start, *, terms: Terms) -> Ints:
    """Return the rep of each row of a part: the least cost less price over all who may have it."""
    rep = np.empty(len(part.hours), dtype=np.int32)
    if len(rep):
        order, start = grouped_order(part, parts=max(1, len(part.hours) // 8))
        rows = part.taken(order)
        blocks = make_blocks(rows, start)
        _, rep[order] = cheapest_of_all(rows, blocks, settled.centres, terms, settled.psi)
    return rep


def summed(rows: Rows, start: Longs) -> Rows:
    """Return ranges of rows of one group as one row each, with the rep of most of their hours."""
    first = start[:-1]
    cell = np.repeat(np.arange(len(first)), np.diff(start))
    hours = np.add.reduceat(rows.hours, first)
    places = np.add.reduceat(rows.vectors * rows.hours[:, None], first)
    length = np.sqrt((places * places).sum(axis=1))
    opposite = length < 1e-9 * hours
    places[opposite], length[opposite] = rows.vectors[first[opposite]], 1.0
    most = int(rows.rep.max(initial=-1)) + 2
    key, back = np.unique(cell * most + rows.rep + 1, return_inverse=True)
    owned = np.bincount(back, weights=rows.hours)
    order = np.lexsort((key, -owned, key // most))
    _, best = np.unique(key[order] // most, return_index=True)
    chosen = order[best]
    rep = (key[chosen] % most - 1).astype(np.int32)
    churn = np.maximum.reduceat(rows.churn_km, first) * owned[chosen] / hours
    churn = np.where(rep >= 0, churn, 0.0)
    return Rows(places / length[:, None], hours, rep, churn, rows.group[first])
