"""Simulated annealing over trials; the temperature follows the work done, never a clock."""

from __future__ import annotations

from math import log
from typing import NamedTuple

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.median.board import Board, Ground, fill, overload_of
from sfterritory.optimize.median.dice import pick, roll
from sfterritory.optimize.median.draft import WORK, Draft, begin, change, take_back
from sfterritory.optimize.median.kernel import borrowing
from sfterritory.optimize.median.rebuild import recentre_touched
from sfterritory.optimize.median.trial import eject, reassign_ball, relocate_slot, reopen

_STEPS = 400  # of one cooling: sums are made afresh and the price of overload follows at each
_BALL, _REOPEN, _RELOCATE = 0.5, 0.75, 0.85  # cumulative shares of the trials; the rest ejects
_LEAST_GAIN = 1e-7
_NOT_ZERO = 1e-300


class Best(NamedTuple):
    """The best assignment without overload, edited in place.

    Attributes:
        cluster: Slot of each customer, shape (n,).
        median: Customer of each slot, shape (p,).
        travel: Its sum of distances, infinite while there is none, shape (1,).
    """

    cluster: Ints
    median: Ints
    travel: Floats


class Cooling(NamedTuple):
    """One cooling.

    Attributes:
        hot: First temperature, a distance.
        cold: Last temperature.
        price: Of a unit of overload at the start, a distance.
        work: How much to do, in distances.
    """

    hot: float
    cold: float
    price: float
    work: int


@borrowing
def cool(ground: Ground, board: Board, draft: Draft, best: Best, plan: Cooling) -> None:
    """Anneal the board as planned; what is better than the best is kept there."""
    started = draft.tally[WORK]
    price = plan.price
    for step in range(_STEPS):
        until = started + plan.work * (step + 1) // _STEPS
        heat = plan.hot * (plan.cold / plan.hot) ** (step / _STEPS)
        fill(ground, board, board.cluster, board.median)
        travel, overload = totals(ground, board)
        price = price * 1.1 if overload > 0.0 else max(price * 0.98, _NOT_ZERO)
        cost = travel + price * overload
        while draft.tally[WORK] < until:
            begin(draft)
            attempt(ground, board, draft, price)
            delta = change(ground, board, draft, price)
            if delta <= 0.0 or delta < -heat * log(roll(draft.dice) + _NOT_ZERO):
                cost += delta
                if cost < best.travel[0] - _LEAST_GAIN:
                    keep_if_best(ground, board, best)
            else:
                take_back(ground, board, draft)


@borrowing
def attempt(ground: Ground, board: Board, draft: Draft, price: float) -> None:
    """Do one trial of a kind that is drawn."""
    n = len(board.cluster)
    seed = pick(draft.dice, n)
    kind = roll(draft.dice)
    if kind < _BALL:
        reassign_ball(ground, board, draft, seed, price)
    elif kind < _REOPEN:
        reopen(ground, board, draft, seed, price)
    elif kind < _RELOCATE:
        if roll(draft.dice) < 0.5:
            target = pick(draft.dice, n)
        else:
            target = int(ground.near[seed, pick(draft.dice, ground.near.shape[1])])
        relocate_slot(ground, board, draft, seed, target, price)
    else:
        eject(ground, board, draft, seed, price)
    recentre_touched(ground, board, draft)


@borrowing
def totals(ground: Ground, board: Board) -> tuple[float, float]:
    """Return travel and overload of the whole board."""
    travel, overload = 0.0, 0.0
    for slot in range(len(board.median)):
        travel += board.travel[slot]
        overload += overload_of(ground, board, slot)
    return travel, overload


@borrowing
def keep_if_best(ground: Ground, board: Board, best: Best) -> None:
    """Copy the assignment of the board where it has no overload and the least travel."""
    travel, overload = totals(ground, board)
    if overload > 0.0 or travel >= best.travel[0] - _LEAST_GAIN:
        return
    best.travel[0] = travel
    for customer in range(len(board.cluster)):
        best.cluster[customer] = board.cluster[customer]
    for slot in range(len(board.median)):
        best.median[slot] = board.median[slot]
