"""Rows in space order: accounts or micro-cells, and compact blocks of them for pruning.

Rows of one group (who may have them) stand together, so that a cell or a block is of one group.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import Vectors
from sfterritory.optimize.engine.kernel import Longs, arc_km, compiled

_BLOCK_ROWS = 16
_REGION_BLOCKS = 32


class Rows(NamedTuple):
    """What is balanced, by group and then in space order; a tuple, so that kernels take it.

    Attributes:
        vectors: Unit vectors, shape (n, 3).
        hours: Workload, above 0, shape (n,).
        rep: Today's rep, -1 for none, shape (n,).
        churn_km: What leaving that rep costs for each hour, shape (n,).
        group: Row of the terms that says who may have it, shape (n,).
    """

    vectors: Vectors
    hours: Floats
    rep: Ints
    churn_km: Floats
    group: Ints

    def taken(self, order: Longs) -> Rows:
        """Return some of the rows, in that order."""
        return Rows(
            self.vectors[order],
            self.hours[order],
            self.rep[order],
            self.churn_km[order],
            self.group[order],
        )


class Blocks(NamedTuple):
    """Ranges of rows of one group that lie together.

    Attributes:
        start: First row of each block, and the number of rows at the end, shape (b + 1,).
        middle: Unit vector near the middle, shape (b, 3).
        radius_km: No row of the block is farther from its middle, shape (b,).
        group: Of its rows, shape (b,).
    """

    start: Longs
    middle: Vectors
    radius_km: Floats
    group: Ints


def grouped_order(rows: Rows, *, parts: int) -> tuple[Longs, Longs]:
    """Return rows by group and then in space order, and where each compact part starts.

    A part is of one group; groups get parts by their hours, one at least.
    """
    if rows.group.min() == rows.group.max():
        return space_order(rows.vectors, rows.hours, parts=parts)
    by_group = np.argsort(rows.group, kind="stable")
    bounds = np.append(np.flatnonzero(np.diff(rows.group[by_group], prepend=-1)), len(by_group))
    total = float(rows.hours.sum())
    orders, starts = [], []
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        members = by_group[begin:end]
        wanted = max(1, min(end - begin, round(parts * float(rows.hours[members].sum()) / total)))
        order, start = space_order(rows.vectors[members], rows.hours[members], parts=wanted)
        orders.append(members[order])
        starts.append(start[:-1] + begin)
    return np.concatenate(orders), np.append(np.concatenate(starts), len(by_group))


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


def make_blocks(rows: Rows, cell_start: Longs) -> Blocks:
    """Return blocks of whole cells with about 16 rows each; `rows` are in the order of cells."""
    n, cells = len(rows.hours), len(cell_start) - 1
    per_block = max(1, round(_BLOCK_ROWS * cells / max(n, 1)))
    changes = np.flatnonzero(np.diff(rows.group, prepend=rows.group[0]))
    start = np.unique(np.concatenate((cell_start[:-1:per_block], changes, [n])))
    middle, radius = _surround(rows.vectors, start)
    return Blocks(start, middle, radius, rows.group[start[:-1]])


def make_regions(blocks: Blocks) -> Blocks:
    """Return ranges of 32 blocks of one group as blocks of blocks: `start` counts in blocks."""
    changes = np.flatnonzero(np.diff(blocks.group, prepend=blocks.group[0]))
    every = np.arange(0, len(blocks.group), _REGION_BLOCKS)
    start = np.unique(np.concatenate((every, changes, [len(blocks.group)])))
    middle, radius = _surround(blocks.middle, start)
    radius += np.maximum.reduceat(blocks.radius_km, start[:-1])
    return Blocks(start, middle, radius, blocks.group[start[:-1]])


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
    blocks = len(start) - 1
    middle, radius = np.empty((blocks, 3)), np.zeros(blocks)
    for g in range(blocks):
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
