"""For each pair of centres, its cheapest account to move: pairing heaps inside flat arrays.

An account that sits with centre k has one node (its arc to l) in the heap of the pair k -> l, for
every other candidate l. The key, what the move adds to cost, does not depend on the prices.

Source: Fredman, Sedgewick, Sleator, Tarjan (1986), "The pairing heap".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import totals
from sfterritory.optimize.engine.candidate import Arcs
from sfterritory.optimize.engine.kernel import Longs, compiled

NOTHING = -1


class Pairs(NamedTuple):
    """Ordered pairs of centres that share a candidate row; if k, l is one, so is l, k.

    Attributes:
        start: First pair of each centre, and the number of pairs, shape (k + 1,).
        to: The other centre, ascending within each centre, shape (p,).
        back: Number of the opposite pair, shape (p,).
    """

    start: Longs
    to: Ints
    back: Longs


class Board(NamedTuple):
    """Who has what, and the heaps.

    Attributes:
        arcs: The candidates.
        pairs: The centre graph.
        hours: Of each row, shape (n,).
        at: The arc on which each row sits, shape (n,).
        load: Hours of each centre, shape (k,).
        psi: Price of each centre in km, shape (k,).
        root: First node of the heap of each pair, shape (p,).
        child: First child of each node, shape (m,).
        after: Next sibling of each node, shape (m,).
        before: Previous sibling, of a first child the parent, shape (m,).
    """

    arcs: Arcs
    pairs: Pairs
    hours: Floats
    at: Longs
    load: Floats
    psi: Floats
    root: Ints
    child: Ints
    after: Ints
    before: Ints


def make_board(arcs: Arcs, hours: Floats, *, at: Longs, psi: Floats) -> Board:
    """Return the board with every row on the arc `at`; psi is copied."""
    k = len(psi)
    pairs = make_pairs(arcs, k)
    load = totals(arcs.rep[at], hours, n_groups=k)
    links = [np.full(len(arcs.rep), NOTHING, dtype=np.int32) for _ in range(3)]
    root = np.full(len(pairs.to), NOTHING, dtype=np.int32)
    board = Board(arcs, pairs, hours, at.copy(), load, psi.copy(), root, *links)
    _fill(board)
    return board


def make_pairs(arcs: Arcs, k: int) -> Pairs:
    """Return the centre graph of some arcs."""
    start, to = _neighbours(arcs, k)
    return Pairs(start, to, _backs(start, to))


@compiled
def _neighbours(arcs: Arcs, k: int) -> tuple[Longs, Ints]:
    held = np.zeros(k + 1, dtype=np.int64)
    for arc in range(len(arcs.rep)):
        held[arcs.rep[arc] + 1] += 1
    held = np.cumsum(held)
    filled = held[:-1].copy()
    rows = np.empty(len(arcs.rep), dtype=np.int32)
    for arc in range(len(arcs.rep)):
        rows[filled[arcs.rep[arc]]] = arcs.row[arc]
        filled[arcs.rep[arc]] += 1
    mark = np.full(k, NOTHING, dtype=np.int32)
    start = np.zeros(k + 1, dtype=np.int64)
    to = np.empty(16 * k, dtype=np.int32)
    count = 0
    for rep in range(k):
        mark[rep] = rep
        for at in range(held[rep], held[rep + 1]):
            for arc in range(arcs.start[rows[at]], arcs.start[rows[at] + 1]):
                other = arcs.rep[arc]
                if mark[other] != rep:
                    mark[other] = rep
                    if count == len(to):
                        to = np.concatenate((to, np.empty(len(to), dtype=np.int32)))
                    to[count] = other
                    count += 1
        to[start[rep] : count].sort()
        start[rep + 1] = count
    return start, to[:count].copy()


@compiled
def _backs(start: Longs, to: Ints) -> Longs:
    back = np.empty(len(to), dtype=np.int64)
    for rep in range(len(start) - 1):
        for pair in range(start[rep], start[rep + 1]):
            back[pair] = _find(start, to, to[pair], rep)
    return back


@compiled
def _find(start: Longs, to: Ints, giver: int, taker: int) -> int:
    low, high = start[giver], start[giver + 1] - 1
    while low < high:
        middle = (low + high) // 2
        if to[middle] < taker:
            low = middle + 1
        else:
            high = middle
    return int(low)


@compiled
def pair_of(pairs: Pairs, giver: int, taker: int) -> int:
    """Return the number of a pair that exists."""
    return int(_find(pairs.start, pairs.to, giver, taker))


@compiled
def key_km(board: Board, node: int) -> float:
    """Return what moving the node's row along its arc adds to each of its hours."""
    cost_km = board.arcs.cost_km
    return float(cost_km[node] - cost_km[board.at[board.arcs.row[node]]])


@compiled
def reduced_km(board: Board, node: int) -> float:
    """Return the same with the prices of both centres; at least 0 where each row sits cheapest."""
    arcs = board.arcs
    here = board.at[arcs.row[node]]
    here_km = arcs.cost_km[here] - board.psi[arcs.rep[here]]
    return float(arcs.cost_km[node] - board.psi[arcs.rep[node]] - here_km)


@compiled
def move(board: Board, node: int) -> None:
    """Move the node's row to the node's centre."""
    row = board.arcs.row[node]
    lift(board, row)
    hours = board.hours[row]
    board.load[board.arcs.rep[board.at[row]]] -= hours
    board.load[board.arcs.rep[node]] += hours
    board.at[row] = node
    place(board, row)


@compiled
def lift(board: Board, row: int) -> None:
    """Take the nodes of a row out of the heaps."""
    arcs, here = board.arcs, board.at[row]
    for node in range(arcs.start[row], arcs.start[row + 1]):
        if node != here:
            _delete(board, pair_of(board.pairs, arcs.rep[here], arcs.rep[node]), node)


@compiled
def place(board: Board, row: int) -> None:
    """Put the nodes of a row into the heaps of the centre where it sits."""
    arcs, here = board.arcs, board.at[row]
    for node in range(arcs.start[row], arcs.start[row + 1]):
        if node != here:
            pair = pair_of(board.pairs, arcs.rep[here], arcs.rep[node])
            board.root[pair] = _join(board, board.root[pair], node)


@compiled
def _fill(board: Board) -> None:
    for row in range(len(board.hours)):
        place(board, row)


@compiled
def _join(board: Board, one: int, two: int) -> int:
    """Return the root of two heaps made one; of equal keys the lower node is the root."""
    if one == NOTHING:
        return two
    if two == NOTHING:
        return one
    key_one, key_two = key_km(board, one), key_km(board, two)
    if key_two < key_one or (key_two == key_one and two < one):
        one, two = two, one
    first = board.child[one]
    board.after[two] = first
    board.before[two] = one
    if first != NOTHING:
        board.before[first] = two
    board.child[one] = two
    return one


@compiled
def _delete(board: Board, pair: int, node: int) -> None:
    rest = _combined(board, board.child[node])
    if board.root[pair] == node:
        board.root[pair] = rest
    else:
        before, after = board.before[node], board.after[node]
        if board.child[before] == node:
            board.child[before] = after
        else:
            board.after[before] = after
        if after != NOTHING:
            board.before[after] = before
        board.root[pair] = _join(board, board.root[pair], rest)
    board.child[node], board.after[node], board.before[node] = NOTHING, NOTHING, NOTHING


@compiled
def _combined(board: Board, first: int) -> int:
    """Return the root of siblings joined in two passes."""
    stack, one = NOTHING, first
    while one != NOTHING:
        two = board.after[one]
        rest = board.after[two] if two != NOTHING else NOTHING
        board.after[one], board.before[one] = NOTHING, NOTHING
        if two != NOTHING:
            board.after[two], board.before[two] = NOTHING, NOTHING
        joined = _join(board, one, two)
        board.after[joined] = stack
        stack, one = joined, rest
    root = NOTHING
    while stack != NOTHING:
        rest = board.after[stack]
        board.after[stack] = NOTHING
        root = _join(board, root, stack)
        stack = rest
    return root
