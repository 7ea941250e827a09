"""Divide a unit graph into contiguous districts: tree starts, annealing, the best plan found."""

from __future__ import annotations

import numpy as np

from sfterritory.model.columns import Ints
from sfterritory.optimize.district.anneal import Best, Cooling, cool, keep_if_best
from sfterritory.optimize.district.board import (
    MOVED,
    TREE,
    WORK,
    Board,
    Ground,
    fill,
    make_ground,
    new_board,
)
from sfterritory.optimize.district.spanning_tree import draw_tree, hand_over, split_unit
from sfterritory.optimize.district.unit_graph import (
    DistrictAnswer,
    DistrictParams,
    UnitGraph,
    limits_of,
    parts_of,
    people_of,
    problems_of,
    shares_of,
)
from sfterritory.optimize.median.dice import new_dice

WORK_PER_EFFORT = 200_000_000  # edges looked at in a CPU second, on the slowest shape of graph
_COOLING_WORK = 200_000  # for each edge of the graph; beyond that another cooling is worth more
_MOST_COOLINGS = 60
_START_TREES = 12  # drawn for each division of a start; the best is taken
_HOT, _REHEATED, _COLD = (2.0, 1.5), 1.0, 0.3  # temperatures in cut edges
_PRICE = 4.0  # cut edges for each mean population of a unit outside the limits
_SWAPS, _TREES = 0.4, 0.02


def solve_districts(graph: UnitGraph, *, params: DistrictParams) -> DistrictAnswer:
    """Return the best plan found within the effort; the same for the same seed.

    Every district of it is contiguous. A plan with people outside the limits is not feasible: then
    no feasible one was found.

    Raises:
        ValueError: No plan can be feasible; each reason on a line.
    """
    if problems := problems_of(graph, params):
        raise ValueError("\n".join(problems))
    limits = limits_of(graph, params)
    ground = make_ground(graph, limits)
    board = new_board(ground, params.districts, dice=new_dice(params.seed))
    counts = _counts(graph, params)
    best = Best(np.zeros_like(board.district), np.full(2, np.inf))
    _begin(ground, board, counts)
    keep_if_best(ground, board, best)
    if params.districts > len(counts):
        _search(ground, board, best, counts, work=int(params.effort * WORK_PER_EFFORT))
    district = _in_order(best.district)
    return DistrictAnswer(
        district=district,
        population=people_of(graph, district),
        cut_edges=int(best.value[1]),
        outside=float(best.value[0]),
        limits=limits,
        work=int(board.tally[WORK]) / WORK_PER_EFFORT,
    )


def _counts(graph: UnitGraph, params: DistrictParams) -> list[tuple[Ints, int]]:
    """Return the units of each connected part of the graph and how many districts it makes."""
    part = parts_of(graph)
    share = shares_of(graph, part, params=params)
    return [
        (np.flatnonzero(part == number).astype(np.int32), count)
        for number, count in enumerate(share.tolist())
    ]


def _begin(ground: Ground, board: Board, counts: list[tuple[Ints, int]]) -> None:
    """Set the board to a start: every part is halved along trees until the districts are made."""
    district = board.district.copy()
    for number, (rows, _) in enumerate(counts):
        district[rows] = number
    fill(ground, board, district)
    free = len(counts)
    stack = [(number, count) for number, (_, count) in enumerate(counts)]
    while stack:
        number, count = stack.pop()
        if count == 1:
            continue
        inner = _divide(ground, board, number, count, into=free)
        stack += [(number, count - inner), (free, inner)]
        free += 1


def _divide(ground: Ground, board: Board, number: int, count: int, *, into: int) -> int:
    """Give a part of a district to an empty one; return how many districts it shall make."""
    target = float(board.people[number]) / count
    best, least = (0, 1), np.inf
    order, parent = board.order[:0], board.parent
    for _ in range(_START_TREES):
        draw_tree(ground, board, number, number)
        top, inner, off = split_unit(board, count, target)
        if off < least:
            best, least = (top, inner), off
            order, parent = board.order[: board.tally[TREE]].copy(), board.parent.copy()
    board.order[: len(order)], board.parent[:] = order, parent
    board.tally[MOVED] = 0
    top, inner = best
    hand_over(ground, board, top, into, number)
    return inner


def _search(
    ground: Ground, board: Board, best: Best, counts: list[tuple[Ints, int]], *, work: int
) -> None:
    """Cool again and again: by turns from a fresh start and, less hot, from the best."""
    coolings = min(_MOST_COOLINGS, max(1, round(work / (_COOLING_WORK * len(ground.ends)))))
    price = _PRICE / max(float(ground.people.mean()), 1e-9)
    for number in range(coolings):
        again = number > 0 and (number % 2 == 1 or number == coolings - 1)
        if again:
            fill(ground, board, best.district)
        elif number > 0:
            _begin(ground, board, counts)
        hot = _REHEATED if again else _HOT[number // 2 % len(_HOT)]
        cool(ground, board, best, Cooling(hot, _COLD, price, _SWAPS, _TREES, work // coolings))


def _in_order(district: Ints) -> Ints:
    """Return the districts numbered in the order of their first units."""
    _, first, number = np.unique(district, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int32)
    rank[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    return np.asarray(rank[number], dtype=np.int32)
