"""Rows in space order: accounts or micro-cells, and compact groups of them for pruning."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.kernel import arc_km, compiled
from sfterritory.optimize.sphere import Vectors

_GROUP_ROWS = 16
Longs = NDArray[np.int64]


class Rows(NamedTuple):
    """What is balanced, neighbours in space beside each other; a tuple, so that kernels take it.

    Attributes:
        vectors: Unit vectors, shape (n, 3).
        hours: Workload, above 0, shape (n,).
        rep: Today's rep, -1 for none, shape (n,).
        churn_km: What leaving that rep costs for each hour, shape (n,).
    """

    vectors: Vectors
    hours: Floats
    rep: Ints
    churn_km: Floats

    def taken(self, order: Longs) -> Rows:
        """Return some of the rows, in that order."""
        return Rows(self.vectors[order], self.hours[order], self.rep[order], self.churn_km[order])


class Groups(NamedTuple):
    """Ranges of rows that lie together.

    Attributes:
        start: First row of each group, and the number of rows at the end, shape (g + 1,).
        middle: Unit vector near the middle, shape (g, 3).
        radius_km: No row of the group is farther from its middle, shape (g,).
    """

    start: Longs
    middle: Vectors
    radius_km: Floats


def space_order(vectors: Vectors, weights: Floats, *, parts: int) -> tuple[Longs, Longs]:
    """Return rows in space order and where each compact part starts, empty parts left out.

    Parts have about equal weight, split at the widest axis; rows of equal coordinate keep their
    order. The starts have one entry more than there are parts.

    Source: recursive coordinate bisection, Berger and Bokhari (1987).
    """
    n = len(vectors)
    order = np.arange(n, dtype=np.int64)
    start = np.zeros(parts + 1, dtype=np.int64)
    mean = float(weights.sum()) / max(n, 1)
    _bisect(vectors, weights + (1e-3 * mean if mean > 0 else 1.0), order, start)
    return order, np.unique(np.append(start[:-1], n))


def make_groups(vectors: Vectors, cell_start: Longs) -> Groups:
    """Return groups of whole cells with about 16 rows each; `vectors` are in space order."""
    n, cells = len(vectors), len(cell_start) - 1
    per_group = max(1, round(_GROUP_ROWS * cells / max(n, 1)))
    start = np.unique(np.append(cell_start[:-1:per_group], n))
    middle, radius = _surround(vectors, start)
    return Groups(start, middle, radius)


@compiled
def _bisect(vectors: Vectors, weights: Floats, order: Longs, start: Longs) -> None:
    parts, n = len(start) - 1, len(order)
    start[parts] = n
    pending = [(0, n, 0, parts)]
    while len(pending) > 0:
        begin, end, first, count = pending.pop()
        if count == 1 or end - begin <= 1:
            start[first] = begin
            start[first + 1 : first + count] = end
            continue
        left = count // 2
        cut = _halve(vectors, weights, order[begin:end], left / count)
        pending.append((begin, begin + cut, first, left))
        pending.append((begin + cut, end, first + left, count - left))


@compiled
def _halve(vectors: Vectors, weights: Floats, rows: Longs, share: float) -> int:
    """Sort rows along their widest axis, in place; return how many hold a share of the weight."""
    axis, widest = 0, -1.0
    for candidate in range(3):
        least, most = 2.0, -2.0
        for row in rows:
            least = min(least, vectors[row, candidate])
            most = max(most, vectors[row, candidate])
        if most - least > widest:
            axis, widest = candidate, most - least
    along = np.empty(len(rows))
    total = 0.0
    for at in range(len(rows)):
        along[at] = vectors[rows[at], axis]
        total += weights[rows[at]]
    rows[:] = rows[np.argsort(along, kind="mergesort")]
    running, cut = 0.0, 0
    while cut < len(rows) and running + 0.5 * weights[rows[cut]] < total * share:
        running += weights[rows[cut]]
        cut += 1
    return min(max(cut, 1), len(rows) - 1)


@compiled
def _surround(vectors: Vectors, start: Longs) -> tuple[Vectors, Floats]:
    groups = len(start) - 1
    middle, radius = np.empty((groups, 3)), np.zeros(groups)
    for g in range(groups):
        x, y, z = 0.0, 0.0, 0.0
        for row in range(start[g], start[g + 1]):
            x, y, z = x + vectors[row, 0], y + vectors[row, 1], z + vectors[row, 2]
        length = np.sqrt(x * x + y * y + z * z)
        if length > 1e-9:
            middle[g, 0], middle[g, 1], middle[g, 2] = x / length, y / length, z / length
        else:  # rows opposite to each other
            middle[g] = vectors[start[g]]
        for row in range(start[g], start[g + 1]):
            km = arc_km(
                middle[g, 0], middle[g, 1], middle[g, 2],
                vectors[row, 0], vectors[row, 1], vectors[row, 2],
            )  # fmt: skip
            radius[g] = max(radius[g], km)
    return middle, radius
