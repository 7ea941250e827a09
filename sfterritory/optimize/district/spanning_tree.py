"""Random spanning trees, and where to cut one so that both sides have the wanted population.

Sources: Wilson (1996), "Generating random spanning trees more quickly than the cover time", for the
tree; DeFord, Duchin and Solomon (2021), "Recombination: a family of Markov chains for
redistricting", for cutting trees into districts.
"""

from __future__ import annotations

import numpy as np

from sfterritory.optimize.district.board import NOBODY, STAMP, TREE, WORK, Board, Ground, shift
from sfterritory.optimize.median.dice import pick
from sfterritory.optimize.median.kernel import borrowing

_STEP_WORK = 2  # edges looked at that a step of the walk is worth


@borrowing
def draw_tree(ground: Ground, board: Board, a: int, b: int) -> None:
    """Draw a spanning tree of the units of two bordering districts, or of one where a is b.

    Leaves parents, the order and the people below each unit on the board.
    """
    board.tally[STAMP] += 1
    stamp = board.tally[STAMP]
    count = 0
    for unit in range(len(board.district)):
        if board.district[unit] == a or board.district[unit] == b:
            board.queue[count] = unit
            count += 1
    board.tally[WORK] += len(board.district) // 2
    root = board.queue[pick(board.dice, count)]
    board.seen[root] = stamp
    board.parent[root] = NOBODY
    board.order[0] = root
    board.tally[TREE] = 1
    for index in range(count):
        _walk(ground, board, board.queue[index], a, b)
    _sum_below(ground, board)


@borrowing
def _walk(ground: Ground, board: Board, start: int, a: int, b: int) -> None:
    """Walk at random from a unit to the tree, then add the walk without its loops."""
    stamp = board.tally[STAMP]
    unit = start
    while board.seen[unit] != stamp:
        low = ground.first[unit]
        step = ground.neighbour[low + pick(board.dice, ground.first[unit + 1] - low)]
        board.tally[WORK] += _STEP_WORK
        if board.district[step] == a or board.district[step] == b:
            board.parent[unit] = step
            unit = step
    length = 0
    unit = start
    while board.seen[unit] != stamp:
        length += 1
        unit = board.parent[unit]
    place = board.tally[TREE] + length
    board.tally[TREE] = place
    unit = start
    while board.seen[unit] != stamp:
        place -= 1
        board.order[place] = unit
        board.seen[unit] = stamp
        unit = board.parent[unit]


@borrowing
def _sum_below(ground: Ground, board: Board) -> None:
    size = board.tally[TREE]
    for index in range(size):
        board.below[board.order[index]] = ground.people[board.order[index]]
    for index in range(size - 1, 0, -1):
        unit = board.order[index]
        board.below[board.parent[unit]] += board.below[unit]
    board.tally[WORK] += size


@borrowing
def balanced_unit(ground: Ground, board: Board) -> int:
    """Return a unit whose subtree and the rest of the tree keep the limits, drawn from all such.

    Where there is none, the unit that breaks them least.
    """
    total = board.below[board.order[0]]
    best, least, drawn = board.order[1], np.inf, 0
    for index in range(1, board.tally[TREE]):
        unit = board.order[index]
        low, high = board.below[unit], total - board.below[unit]
        wrong = max(0.0, low - ground.most, ground.least - low)
        wrong += max(0.0, high - ground.most, ground.least - high)
        if wrong < least:
            best, least, drawn = unit, wrong, 1
        elif wrong == least:
            drawn += 1
            if pick(board.dice, drawn) == 0:
                best = unit
    return int(best)


@borrowing
def split_unit(board: Board, count: int, target: float) -> tuple[int, int, float]:
    """Return the unit whose subtree is nearest to a whole number of districts.

    The tree has `count` districts of `target` people to make, and at least as many units. Also
    returns how many of them the subtree makes, and how far a district is then off the target on the
    worse side.
    """
    size = board.tally[TREE]
    _count_below(board)
    total = board.below[board.order[0]]
    best, share, least = board.order[1], 1, np.inf
    for index in range(1, size):
        unit = board.order[index]
        units = board.queue[unit]
        for part in range(max(1, count - size + units), min(units, count - 1) + 1):
            off = abs(board.below[unit] - part * target) / part
            rest = abs(total - board.below[unit] - (count - part) * target) / (count - part)
            if max(off, rest) < least:
                best, share, least = unit, part, max(off, rest)
    return int(best), share, least


@borrowing
def _count_below(board: Board) -> None:
    """Leave the units of each subtree in `queue`, by unit."""
    size = board.tally[TREE]
    for index in range(size):
        board.queue[board.order[index]] = 1
    for index in range(size - 1, 0, -1):
        unit = board.order[index]
        board.queue[board.parent[unit]] += board.queue[unit]


@borrowing
def hand_over(ground: Ground, board: Board, top: int, inner: int, rest: int) -> None:
    """Give the subtree of a unit to one district and the rest of the tree to another."""
    board.tally[STAMP] += 1
    stamp = board.tally[STAMP]
    board.seen[top] = stamp
    for index in range(board.tally[TREE]):
        unit = board.order[index]
        parent = board.parent[unit]
        if parent != NOBODY and board.seen[parent] == stamp:
            board.seen[unit] = stamp
        to = inner if board.seen[unit] == stamp else rest
        if board.district[unit] != to:
            shift(ground, board, unit, to)
