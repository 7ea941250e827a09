"""Simulated annealing on cut edges; the temperature follows the work done, never a clock."""

from __future__ import annotations

from math import log
from typing import NamedTuple

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.district.board import (
    CUTS,
    MOVED,
    WORK,
    Board,
    Ground,
    fill,
    outside,
    outside_of,
    take_back,
)
from sfterritory.optimize.district.trial import exchange, give, recombine
from sfterritory.optimize.district.unit_graph import SLACK
from sfterritory.optimize.median.dice import pick, roll
from sfterritory.optimize.median.kernel import borrowing

_STEPS = 400  # of one cooling: sums are made afresh and the price of people outside follows at each
_DEARER, _CHEAPER = 1.1, 0.97
_TRIAL_WORK = 8  # edges looked at that a trial's bookkeeping is worth
_NOT_ZERO = 1e-300


class Best(NamedTuple):
    """The best plan so far, edited in place: the one with the fewest people outside the limits.

    Attributes:
        district: Of each unit, shape (n,).
        value: People outside the limits, then cut edges, shape (2,).
    """

    district: Ints
    value: Floats


class Cooling(NamedTuple):
    """One cooling.

    Attributes:
        hot: First temperature, in cut edges.
        cold: Last temperature.
        price: Of a person outside the limits at the start, in cut edges.
        swaps: Share of the trials that exchange.
        trees: Share of the trials that recombine.
        work: How much to do, in edges looked at.
    """

    hot: float
    cold: float
    price: float
    swaps: float
    trees: float
    work: int


@borrowing
def cool(ground: Ground, board: Board, best: Best, plan: Cooling) -> None:
    """Anneal the board as planned; what is better than the best is kept there."""
    started = board.tally[WORK]
    price = plan.price
    slack = SLACK * ground.most  # for the rounding of a running sum
    for step in range(_STEPS):
        until = started + plan.work * (step + 1) // _STEPS
        heat = plan.hot * (plan.cold / plan.hot) ** (step / _STEPS)
        fill(ground, board, board.district)
        wrong = outside(ground, board)
        price = price * _DEARER if wrong > 0.0 else max(price * _CHEAPER, _NOT_ZERO)
        while board.tally[WORK] < until:
            wrong += _try(ground, board, plan, heat, price)
            limit = best.value[0] + slack
            if wrong <= limit and (board.tally[CUTS] < best.value[1] or best.value[0] > 0.0):
                keep_if_best(ground, board, best)


@borrowing
def _try(ground: Ground, board: Board, plan: Cooling, heat: float, price: float) -> float:
    """Do one trial and keep it or not; return by how much it changes the people outside."""
    board.tally[MOVED] = 0
    board.tally[WORK] += _TRIAL_WORK
    edge = board.cut[pick(board.dice, board.tally[CUTS])]
    side = pick(board.dice, 2)
    unit = ground.ends[edge, side]
    own, other = board.district[unit], board.district[ground.ends[edge, 1 - side]]
    cuts = board.tally[CUTS]
    before = outside_of(ground, board, own) + outside_of(ground, board, other)
    kind = roll(board.dice)
    done = True
    if kind < plan.trees:
        recombine(ground, board, own, other)
    elif kind < plan.trees + plan.swaps:
        done = exchange(ground, board, unit, other)
    else:
        done = give(ground, board, unit, other)
    after = outside_of(ground, board, own) + outside_of(ground, board, other)
    delta = board.tally[CUTS] - cuts + price * (after - before)
    if done and (delta <= 0.0 or delta < -heat * log(roll(board.dice) + _NOT_ZERO)):
        return after - before
    take_back(ground, board)
    return 0.0


@borrowing
def keep_if_best(ground: Ground, board: Board, best: Best) -> None:
    """Copy the plan of the board where fewer people are outside, or as many and fewer edges cut."""
    wrong, cuts = outside(ground, board), float(board.tally[CUTS])
    if wrong > best.value[0] or (wrong == best.value[0] and cuts >= best.value[1]):
        return
    best.value[0] = wrong
    best.value[1] = cuts
    for unit in range(len(board.district)):
        best.district[unit] = board.district[unit]
