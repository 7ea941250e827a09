"""The state that the search edits: customers in chains of clusters, and every edit undone at will.

Customers are rows 0..n-1 of the instance, clusters are slots 0..p-1. A cluster's median is one of
its own customers. The chain of a cluster links its customers, so a move costs the same however
large the cluster is.
"""

from __future__ import annotations

from math import floor, sqrt
from typing import NamedTuple

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.median.kernel import borrowing

NOBODY = -1
EPSILON = 1e-9  # capacities are kept to this part of a unit
_EXACT_MEMBERS = 48  # up to so many members every one is tried as median
_THOROUGH_MEMBERS = 2_000  # the same where there is time
_NEAR_TRIED = 16  # above, the median's nearest members


class Ground(NamedTuple):
    """What does not change: the instance and who is near whom.

    Attributes:
        x: Shape (n,); any unit.
        y: Shape (n,).
        demand: Shape (n,).
        capacity: Of the cluster whose median the customer is, shape (n,).
        near: The nearest other customers of each, nearest first, shape (n, m).
        floored: Whether distances are rounded down to integers.
    """

    x: Floats
    y: Floats
    demand: Floats
    capacity: Floats
    near: Ints
    floored: bool


class Board(NamedTuple):
    """A state under edit.

    Attributes:
        cluster: Slot of each customer, NOBODY while he is taken out, shape (n,).
        median: Customer of each slot, shape (p,).
        load: Demand, shape (p,).
        travel: Sum of distances to the median, shape (p,).
        size: Members, shape (p,).
        head: First member of the chain, shape (p,).
        after: Next in the chain, shape (n,).
        before: Previous in the chain, shape (n,).
    """

    cluster: Ints
    median: Ints
    load: Floats
    travel: Floats
    size: Ints
    head: Ints
    after: Ints
    before: Ints


def new_board(n: int, p: int) -> Board:
    """Return a board on which nobody is anywhere."""
    return Board(
        cluster=np.full(n, NOBODY, dtype=np.int32),
        median=np.full(p, NOBODY, dtype=np.int32),
        load=np.zeros(p),
        travel=np.zeros(p),
        size=np.zeros(p, dtype=np.int32),
        head=np.full(p, NOBODY, dtype=np.int32),
        after=np.full(n, NOBODY, dtype=np.int32),
        before=np.full(n, NOBODY, dtype=np.int32),
    )


@borrowing
def distance(ground: Ground, a: int, b: int) -> float:
    """Return the distance of two customers."""
    dx = ground.x[a] - ground.x[b]
    dy = ground.y[a] - ground.y[b]
    length = sqrt(dx * dx + dy * dy)
    return float(floor(length)) if ground.floored else length


@borrowing
def take_out(ground: Ground, board: Board, customer: int) -> None:
    """Take a customer out of his cluster."""
    slot = board.cluster[customer]
    previous, following = board.before[customer], board.after[customer]
    if previous == NOBODY:
        board.head[slot] = following
    else:
        board.after[previous] = following
    if following != NOBODY:
        board.before[following] = previous
    board.cluster[customer] = NOBODY
    board.load[slot] -= ground.demand[customer]
    board.travel[slot] -= distance(ground, customer, board.median[slot])
    board.size[slot] -= 1


@borrowing
def put_in(ground: Ground, board: Board, customer: int, slot: int) -> None:
    """Put a customer who is nowhere into a cluster that has a median."""
    first = board.head[slot]
    board.before[customer] = NOBODY
    board.after[customer] = first
    if first != NOBODY:
        board.before[first] = customer
    board.head[slot] = customer
    board.cluster[customer] = slot
    board.load[slot] += ground.demand[customer]
    board.travel[slot] += distance(ground, customer, board.median[slot])
    board.size[slot] += 1


@borrowing
def travel_from(ground: Ground, board: Board, slot: int, centre: int, limit: float) -> float:
    """Return the distances of a cluster's members to one customer, or any sum over the limit."""
    total = 0.0
    member = board.head[slot]
    while member != NOBODY and total < limit:
        total += distance(ground, member, centre)
        member = board.after[member]
    return total


@borrowing
def recentre(ground: Ground, board: Board, slot: int, thorough: bool) -> int:  # noqa: FBT001 - compiled code takes no keywords
    """Move a cluster's median to the best member it may have; return the distances computed.

    Small clusters try every member, large ones those near their median unless asked to be thorough.
    """
    size = board.size[slot]
    if size <= 1:
        return 1
    load = board.load[slot]
    overload = max(0.0, load - ground.capacity[board.median[slot]])
    best, least = board.median[slot], board.travel[slot] - EPSILON
    if size <= (_THOROUGH_MEMBERS if thorough else _EXACT_MEMBERS):
        candidate = board.head[slot]
        while candidate != NOBODY:
            if load - ground.capacity[candidate] <= overload + EPSILON:
                total = travel_from(ground, board, slot, candidate, least)
                if total < least:
                    best, least = candidate, total
            candidate = board.after[candidate]
        work = size * size // 2
    else:
        middle = best
        work = 0
        for place in range(min(_NEAR_TRIED, ground.near.shape[1])):
            candidate = ground.near[middle, place]
            if (
                board.cluster[candidate] == slot
                and load - ground.capacity[candidate] <= overload + EPSILON
            ):
                work += size
                total = travel_from(ground, board, slot, candidate, least)
                if total < least:
                    best, least = candidate, total
    if best != board.median[slot]:
        board.median[slot] = best
        board.travel[slot] = travel_from(ground, board, slot, best, np.inf)
    return int(work + size)


@borrowing
def overload_of(ground: Ground, board: Board, slot: int) -> float:
    """Return the demand above the capacity of a cluster."""
    excess = board.load[slot] - ground.capacity[board.median[slot]]
    return excess if excess > EPSILON else 0.0


@borrowing
def fill(ground: Ground, board: Board, cluster: Ints, median: Ints) -> None:
    """Set the board to an assignment, sums freshly made."""
    for slot in range(len(median)):
        board.median[slot] = median[slot]
        board.load[slot] = 0.0
        board.travel[slot] = 0.0
        board.size[slot] = 0
        board.head[slot] = NOBODY
    for customer in range(len(cluster)):
        put_in(ground, board, customer, cluster[customer])


def new_board_of(ground: Ground, cluster: Ints, median: Ints) -> Board:
    """Return a board that holds an assignment."""
    board = new_board(len(cluster), len(median))
    fill(ground, board, cluster, median)
    return board
