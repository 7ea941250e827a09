"""The state that the search edits: the district of each unit, and the list of cut edges.

Units are rows 0..n-1, edges 0..m-1, districts 0..k-1. A trial moves units between two districts;
each move is logged, so that it can be taken back.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.district.unit_graph import Limits, UnitGraph
from sfterritory.optimize.median.dice import Dice
from sfterritory.optimize.median.kernel import borrowing

Stamps = NDArray[np.int64]
NOBODY = -1
CUTS, MOVED, STAMP, WORK, TREE = range(5)
"""Places in `Board.tally`."""

_SHIFT_WORK = 6  # edges looked at that moving a unit is worth


class Ground(NamedTuple):
    """What does not change.

    Attributes:
        first: Where a unit's neighbours begin in `neighbour`, shape (n + 1,).
        neighbour: Shape (2 m,).
        edge: The edge to that neighbour, shape (2 m,).
        ends: Units of each edge, shape (m, 2).
        people: Population, shape (n,).
        least: Population that a district must have.
        most: Population that a district may have.
    """

    first: Ints
    neighbour: Ints
    edge: Ints
    ends: Ints
    people: Floats
    least: float
    most: float


class Board(NamedTuple):
    """A state under edit, and room for the trials to work in.

    Attributes:
        district: Of each unit, shape (n,).
        people: Of each district, shape (k,).
        cut: Edges between districts, as many as `tally[CUTS]`, shape (m,).
        place: Of an edge in `cut`, NOBODY where it is not cut, shape (m,).
        moved: Units moved in this trial, in order, shape (4 n,).
        origin: The district each was moved from, shape (4 n,).
        group: Units that move together, shape (n,).
        queue: Units to be visited, shape (n,).
        seen: Stamp of the last visit, shape (n,).
        parent: Of a unit in a spanning tree, shape (n,).
        order: Units of a spanning tree, parents before children, shape (n,).
        below: People in the subtree of a unit, shape (n,).
        tally: Cut edges, moves logged, the last stamp, the work done, units of the tree.
        dice: State of the dice.
    """

    district: Ints
    people: Floats
    cut: Ints
    place: Ints
    moved: Ints
    origin: Ints
    group: Ints
    queue: Ints
    seen: Stamps
    parent: Ints
    order: Ints
    below: Floats
    tally: Stamps
    dice: Dice


def make_ground(graph: UnitGraph, limits: Limits) -> Ground:
    """Return the graph as compiled loops read it, its edges in an order of their own."""
    n, m = len(graph.population), len(graph.borders)
    ends = np.sort(np.asarray(graph.borders, dtype=np.int32).reshape(m, 2), axis=1)
    ends = np.ascontiguousarray(ends[np.lexsort((ends[:, 1], ends[:, 0]))])
    both = np.concatenate((ends, ends[:, ::-1]))
    edge = np.tile(np.arange(m, dtype=np.int32), 2)
    order = np.lexsort((both[:, 1], both[:, 0]))
    first = np.zeros(n + 1, dtype=np.int32)
    np.cumsum(np.bincount(both[:, 0], minlength=n), out=first[1:])
    people = np.ascontiguousarray(graph.population, dtype=np.float64)
    neighbour = np.ascontiguousarray(both[order, 1])
    return Ground(first, neighbour, edge[order], ends, people, limits.least, limits.most)


def new_board(ground: Ground, k: int, *, dice: Dice) -> Board:
    """Return a board on which every unit is in district 0."""
    n, m = len(ground.people), len(ground.ends)
    board = Board(
        district=np.zeros(n, dtype=np.int32),
        people=np.zeros(k),
        cut=np.zeros(m, dtype=np.int32),
        place=np.full(m, NOBODY, dtype=np.int32),
        moved=np.zeros(4 * n, dtype=np.int32),
        origin=np.zeros(4 * n, dtype=np.int32),
        group=np.zeros(n, dtype=np.int32),
        queue=np.zeros(n, dtype=np.int32),
        seen=np.zeros(n, dtype=np.int64),
        parent=np.full(n, NOBODY, dtype=np.int32),
        order=np.zeros(n, dtype=np.int32),
        below=np.zeros(n),
        tally=np.zeros(5, dtype=np.int64),
        dice=dice,
    )
    fill(ground, board, board.district)
    return board


@borrowing
def fill(ground: Ground, board: Board, district: Ints) -> None:
    """Set the board to a plan, sums and the list of cut edges freshly made."""
    for number in range(len(board.people)):
        board.people[number] = 0.0
    for unit in range(len(district)):
        board.district[unit] = district[unit]
        board.people[district[unit]] += ground.people[unit]
    board.tally[CUTS] = 0
    for edge in range(len(ground.ends)):
        board.place[edge] = NOBODY
        note(ground, board, edge)


@borrowing
def note(ground: Ground, board: Board, edge: int) -> None:
    """Put an edge on the list of cut edges, or take it off."""
    is_cut = board.district[ground.ends[edge, 0]] != board.district[ground.ends[edge, 1]]
    place = board.place[edge]
    if is_cut and place == NOBODY:
        board.place[edge] = board.tally[CUTS]
        board.cut[board.tally[CUTS]] = edge
        board.tally[CUTS] += 1
    elif not is_cut and place != NOBODY:
        board.tally[CUTS] -= 1
        last = board.cut[board.tally[CUTS]]
        board.cut[place] = last
        board.place[last] = place
        board.place[edge] = NOBODY


@borrowing
def shift(ground: Ground, board: Board, unit: int, to: int) -> None:
    """Move a unit to a district and log it."""
    board.moved[board.tally[MOVED]] = unit
    board.origin[board.tally[MOVED]] = board.district[unit]
    board.tally[MOVED] += 1
    _put(ground, board, unit, to)


@borrowing
def _put(ground: Ground, board: Board, unit: int, to: int) -> None:
    board.people[board.district[unit]] -= ground.people[unit]
    board.people[to] += ground.people[unit]
    board.district[unit] = to
    for index in range(ground.first[unit], ground.first[unit + 1]):
        note(ground, board, ground.edge[index])
    board.tally[WORK] += _SHIFT_WORK + ground.first[unit + 1] - ground.first[unit]


@borrowing
def take_back(ground: Ground, board: Board) -> None:
    """Undo the moves of this trial."""
    while board.tally[MOVED] > 0:
        board.tally[MOVED] -= 1
        last = board.tally[MOVED]
        _put(ground, board, board.moved[last], board.origin[last])


@borrowing
def outside_of(ground: Ground, board: Board, district: int) -> float:
    """Return by how many people a district is above or below the limits."""
    people = board.people[district]
    return float(max(0.0, people - ground.most, ground.least - people))


@borrowing
def outside(ground: Ground, board: Board) -> float:
    """Return by how many people all districts are above or below the limits."""
    total = 0.0
    for district in range(len(board.people)):
        total += outside_of(ground, board, district)
    return total
