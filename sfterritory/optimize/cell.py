"""Micro-cells: small groups of accounts that the coarse rounds of the construction move as one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.sphere import Vectors, group_medians, totals

# Quantiles of value an hour that part cells: most of the value is in the last ones.
VALUE_CUTS = (0.5, 0.8, 0.95)


@dataclass(frozen=True, slots=True)
class Cells:
    """Groups of accounts with one owner of today each, so that "who has it now" stays exact.

    Attributes:
        of_account: Cell of each account, shape (n,).
        vectors: Weighted median of each cell, shape (c, 3).
        hours: Hours a year of each cell, shape (c,).
        weight: What one kilometre of each cell costs, in hours, shape (c,).
        value_usd: Value of each cell, shape (c,).
        rep: Today's rep of each cell, -1 for none, shape (c,).
    """

    of_account: Ints
    vectors: Vectors
    hours: Floats
    weight: Floats
    value_usd: Floats
    rep: Ints

    def __len__(self) -> int:
        return len(self.hours)


def bisect(vectors: Vectors, weights: Floats, *, parts: int) -> Ints:
    """Return a part, 0 to `parts` - 1, for each row: equal weights, split at the widest axis.

    Parts are compact and may be empty where there are fewer rows than parts. Identical points may
    fall into two parts. Rows of equal coordinate keep their order, so the answer is a function of
    the order of the rows alone.

    Source: recursive coordinate bisection, Berger and Bokhari (1987).
    """
    labels = np.zeros(len(vectors), dtype=np.int32)
    safe = np.where(weights > 0, weights, 0.0)
    if safe.sum() <= 0:
        safe = np.ones(len(vectors))
    pending: list[tuple[Ints, int, int]] = [(np.arange(len(vectors), dtype=np.int32), 0, parts)]
    while pending:
        rows, first, count = pending.pop()
        if count == 1 or len(rows) <= 1:
            labels[rows] = first
            continue
        points = vectors[rows]
        axis = int(np.argmax(points.max(axis=0) - points.min(axis=0)))
        ordered = rows[np.argsort(points[:, axis], kind="stable")]
        running = np.cumsum(safe[ordered])
        left = count // 2
        cut = int(np.searchsorted(running, running[-1] * (left / count)))
        cut = min(max(cut, 1), len(ordered) - 1)
        pending.append((ordered[:cut], first, left))
        pending.append((ordered[cut:], first + left, count - left))
    return labels


@dataclass(frozen=True, slots=True)
class Contents:
    """What cells are made of; arrays as in `Cells`, but of accounts, shape (n,)."""

    vectors: Vectors
    hours: Floats
    weight: Floats
    value_usd: Floats
    rep: Ints


def micro_cells(accounts: Contents, *, cells: int, value_cuts: tuple[float, ...]) -> Cells:
    """Return about `cells` cells: compact places, split by value an hour and by today's rep.

    The last split comes on top of the number. Where poor and rich accounts were one cell, no price
    could part them, and the prices that balance such cells would be far too high for accounts.
    """
    vectors, weight, rep = accounts.vectors, accounts.weight, accounts.rep
    hours, value_usd = accounts.hours, accounts.value_usd
    kinds = len(value_cuts) + 1
    place = bisect(vectors, weight, parts=max(1, min(cells // kinds, len(vectors))))
    ratio = value_usd / weight
    rich = np.searchsorted(np.quantile(ratio, value_cuts), ratio) if value_cuts else 0
    key = (place.astype(np.int64) * (int(rep.max(initial=-1)) + 2) + rep + 1) * kinds + rich
    _, first, cell = np.unique(key, return_index=True, return_inverse=True)
    n_cells = len(first)
    return Cells(
        of_account=cell.astype(np.int32),
        vectors=group_medians(vectors, weight, groups=cell, n_groups=n_cells),
        hours=totals(cell, hours, n_groups=n_cells),
        weight=totals(cell, weight, n_groups=n_cells),
        value_usd=totals(cell, value_usd, n_groups=n_cells),
        rep=rep[first],
    )
