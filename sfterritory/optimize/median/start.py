"""First medians: drawn by distance and demand or cut by demand, then settled by Lloyd rounds."""

from __future__ import annotations

import numpy as np

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.optimize.engine.kernel import compiled
from sfterritory.optimize.median.board import (
    NOBODY,
    Board,
    Ground,
    distance,
    new_board,
    put_in,
    recentre,
)
from sfterritory.optimize.median.dice import Dice, pick, roll

_LLOYD_ROUNDS, _FEW_ROUNDS = 6, 2
_MANY_PAIRS = 100_000_000  # of customers and medians; above, each look at all of them counts


def drawn_medians(ground: Ground, p: int, *, dice: Dice) -> Ints:
    """Return p customers, each drawn with a chance of demand x squared distance to the nearest."""
    return _drawn(ground, p, dice)


@compiled
def _drawn(ground: Ground, p: int, dice: Dice) -> Ints:
    n = len(ground.x)
    chosen = np.zeros(p, dtype=np.int32)
    chosen[0] = pick(dice, n)
    gap = np.full(n, np.inf)
    taken = np.zeros(n, dtype=np.bool_)
    for index in range(p):
        if index > 0:
            chosen[index] = _draw(ground, gap, taken, dice)
        taken[chosen[index]] = True
        for customer in range(n):
            gap[customer] = min(gap[customer], distance(ground, customer, chosen[index]))
    return chosen


@compiled
def _draw(ground: Ground, gap: Floats, taken: Flags, dice: Dice) -> int:
    n = len(gap)
    total = 0.0
    for customer in range(n):
        if not taken[customer]:
            total += gap[customer] * gap[customer] * ground.demand[customer]
    left = roll(dice) * total
    last = NOBODY
    for customer in range(n):
        if taken[customer]:
            continue
        last = customer
        left -= gap[customer] * gap[customer] * ground.demand[customer]
        if left < 0.0:
            break
    return last


def cut_medians(ground: Ground, p: int) -> Ints:
    """Return p customers, each the middle of a cell; cells hold like demand (recursive bisection).

    The wider side of a cell is cut so that the demand on both sides is in the ratio of the medians.
    """
    medians: list[int] = []
    stack = [(np.arange(len(ground.x)), p)]
    while stack:
        rows, count = stack.pop()
        if count == 1:
            middle = (ground.x[rows].mean(), ground.y[rows].mean())
            away = (ground.x[rows] - middle[0]) ** 2 + (ground.y[rows] - middle[1]) ** 2
            medians.append(int(rows[np.argmin(away)]))
            continue
        wide = np.ptp(ground.x[rows]) >= np.ptp(ground.y[rows])
        sides = (ground.x, ground.y) if wide else (ground.y, ground.x)
        rows = rows[np.lexsort((rows, sides[1][rows], sides[0][rows]))]
        less = count // 2
        grown = np.cumsum(ground.demand[rows])
        cut = int(np.searchsorted(grown, grown[-1] * less / count))
        cut = min(max(cut, less), len(rows) - (count - less))
        stack += [(rows[:cut], less), (rows[cut:], count - less)]
    return np.array(medians, dtype=np.int32)


def settled(ground: Ground, medians: Ints) -> Board:
    """Return a board after rounds of assigning by regret and moving the medians."""
    board = new_board(len(ground.x), len(medians))
    board.median[:] = medians
    many = len(ground.x) * len(medians) > _MANY_PAIRS
    for _ in range(_FEW_ROUNDS if many else _LLOYD_ROUNDS):
        if not _assign(ground, board):
            break
    return board


@compiled
def _assign(ground: Ground, board: Board) -> bool:
    """Assign everybody, those first who would regret it most; return whether a median moved."""
    n, p = len(board.cluster), len(board.median)
    regret = np.zeros(n)
    for customer in range(n):
        first, second = np.inf, np.inf
        for slot in range(p):
            away = distance(ground, customer, board.median[slot])
            if away < first:
                first, second = away, first
            elif away < second:
                second = away
        regret[customer] = first - second if p > 1 else 0.0
    board.cluster[:] = NOBODY
    for slot in range(p):
        board.load[slot], board.travel[slot], board.size[slot] = 0.0, 0.0, 0
        board.head[slot] = NOBODY
    for slot in range(p):
        put_in(ground, board, board.median[slot], slot)
    for customer in np.argsort(regret, kind="mergesort"):
        if board.cluster[customer] == NOBODY:
            put_in(ground, board, customer, _roomy(ground, board, customer))
    moved = False
    for slot in range(p):
        before = board.median[slot]
        recentre(ground, board, slot, True)
        moved = moved or board.median[slot] != before
    return moved


@compiled
def _roomy(ground: Ground, board: Board, customer: int) -> int:
    """Return the nearest cluster with room, else the one with the least overload."""
    best, least, overload = 0, np.inf, np.inf
    for slot in range(len(board.median)):
        centre = board.median[slot]
        excess = max(0.0, board.load[slot] + ground.demand[customer] - ground.capacity[centre])
        away = distance(ground, customer, centre)
        if excess < overload or (excess == overload and away < least):
            best, least, overload = slot, away, excess
    return best
