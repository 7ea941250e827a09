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
_CHILD, _AFTER, _BEFORE = range(3)
_MET = 1 << 16  # pairs remembered


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
        root_km: Key of that node, infinite where there is none, shape (p,).
        key_km: What moving the row along the node's arc adds to each of its hours, shape (m,); kept
            because looking it up anew is four reads all over the memory.
        links: First child of each node, next sibling, and previous sibling (of a first child the
            parent), shape (m, 3).
    """

    arcs: Arcs
    pairs: Pairs
    hours: Floats
    at: Longs
    load: Floats
    psi: Floats
    root: Ints
    root_km: Floats
    key_km: Floats
    links: Ints


def make_board(arcs: Arcs, hours: Floats, *, at: Longs, psi: Floats) -> Board:
    """Return the board with every row on the arc `at`; psi is copied."""
    k = len(psi)
    pairs = make_pairs(arcs, k)
    load = totals(arcs.rep[at], hours, n_groups=k)
    links = np.full((len(arcs.rep), 3), NOTHING, dtype=np.int32)
    root = np.full(len(pairs.to), NOTHING, dtype=np.int32)
    root_km, key_km = np.full(len(pairs.to), np.inf), np.empty(len(arcs.rep))
    board = Board(arcs, pairs, hours, at.copy(), load, psi.copy(), root, root_km, key_km, links)
    _fill(board)
    return board


def make_pairs(arcs: Arcs, k: int) -> Pairs:
    """Return the centre graph of some arcs."""
    keys = np.unique(_some_twice(arcs, k))
    start = np.searchsorted(keys, np.arange(k + 1) * k)
    to = (keys % k).astype(np.int32)
    return Pairs(start, to, _backs(start, to))


@compiled
def _some_twice(arcs: Arcs, k: int) -> Longs:
    """Return giver * k + taker of all pairs that share a row; few of them several times.

    Rows that lie together have nearly the same candidates: most pairs were met just before.
    """
    met = np.full(_MET, NOTHING, dtype=np.int64)
    keys, count = np.empty(_MET, dtype=np.int64), 0
    for row in range(len(arcs.start) - 1):
        first, end = arcs.start[row], arcs.start[row + 1]
        if count + (end - first) ** 2 > len(keys):
            keys = np.concatenate((keys, np.empty(len(keys) + (end - first) ** 2, dtype=np.int64)))
        for giver in range(first, end):
            for taker in range(first, end):
                if giver == taker:
                    continue
                key = np.int64(arcs.rep[giver]) * k + arcs.rep[taker]
                seat = key % _MET
                if met[seat] != key:
                    met[seat] = key
                    keys[count] = key
                    count += 1
    return keys[:count].copy()


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
    root, keys, links = board.root, board.key_km, board.links
    for node in range(arcs.start[row], arcs.start[row + 1]):
        if node != here:
            pair = pair_of(board.pairs, arcs.rep[here], arcs.rep[node])
            top = _deleted(keys, links, root[pair], node)
            root[pair], board.root_km[pair] = top, np.inf if top == NOTHING else keys[top]


@compiled
def place(board: Board, row: int) -> None:
    """Put the nodes of a row into the heaps of the centre where it sits."""
    arcs, here = board.arcs, board.at[row]
    root, keys, links = board.root, board.key_km, board.links
    for node in range(arcs.start[row], arcs.start[row + 1]):
        if node != here:
            pair = pair_of(board.pairs, arcs.rep[here], arcs.rep[node])
            keys[node] = arcs.cost_km[node] - arcs.cost_km[here]
            top = _joined(keys, links, root[pair], node)
            root[pair], board.root_km[pair] = top, keys[top]


@compiled
def _fill(board: Board) -> None:
    for row in range(len(board.hours)):
        place(board, row)


# few arrays from here on: a call that passes a whole board costs more than what it does


@compiled
def _joined(keys: Floats, links: Ints, one: int, two: int) -> int:
    """Return the root of two heaps made one; of equal keys the lower node is the root."""
    if one == NOTHING:
        return two
    if two == NOTHING:
        return one
    if keys[two] < keys[one] or (keys[two] == keys[one] and two < one):
        one, two = two, one
    first = links[one, _CHILD]
    links[two, _AFTER], links[two, _BEFORE] = first, one
    if first != NOTHING:
        links[first, _BEFORE] = two
    links[one, _CHILD] = two
    return one


@compiled
def _deleted(keys: Floats, links: Ints, root: int, node: int) -> int:
    """Return the root of a heap after a node of it has gone."""
    rest = _combined(keys, links, links[node, _CHILD])
    if root != node:
        before, after = links[node, _BEFORE], links[node, _AFTER]
        if links[before, _CHILD] == node:
            links[before, _CHILD] = after
        else:
            links[before, _AFTER] = after
        if after != NOTHING:
            links[after, _BEFORE] = before
        rest = _joined(keys, links, root, rest)
    links[node, _CHILD], links[node, _AFTER], links[node, _BEFORE] = NOTHING, NOTHING, NOTHING
    return rest


@compiled
def _combined(keys: Floats, links: Ints, first: int) -> int:
    """Return the root of siblings joined in two passes."""
    stack, one = NOTHING, first
    while one != NOTHING:
        two = links[one, _AFTER]
        rest = links[two, _AFTER] if two != NOTHING else NOTHING
        links[one, _AFTER], links[one, _BEFORE] = NOTHING, NOTHING
        if two != NOTHING:
            links[two, _AFTER], links[two, _BEFORE] = NOTHING, NOTHING
        joined = _joined(keys, links, one, two)
        links[joined, _AFTER] = stack
        stack, one = joined, rest
    root = NOTHING
    while stack != NOTHING:
        rest = links[stack, _AFTER]
        links[stack, _AFTER] = NOTHING
        root = _joined(keys, links, root, stack)
        stack = rest
    return root
