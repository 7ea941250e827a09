"""Rebuild: every loose customer, in some order, goes to the cluster that is cheapest for him."""

from __future__ import annotations

import numpy as np

from sfterritory.optimize.median.board import Board, Ground, distance, recentre
from sfterritory.optimize.median.dice import pick, roll
from sfterritory.optimize.median.draft import (
    LOCAL,
    LOOSE,
    MOVED,
    TOUCHED,
    WORK,
    Draft,
    loosen,
    place,
)
from sfterritory.optimize.median.kernel import borrowing

_BLINK = 0.01  # share of receivers overlooked, so that a rebuild is not always the same


@borrowing
def sort_loose(ground: Ground, draft: Draft, seed: int) -> None:
    """Put the loose customers in one of four orders, drawn: heavy, near, far or any first."""
    loose = draft.tally[LOOSE]
    order = pick(draft.dice, 4)
    for index in range(loose):
        customer = draft.loose[index]
        if order == 0:
            draft.key[index] = -ground.demand[customer]
        elif order == 1:
            draft.key[index] = distance(ground, customer, seed)
        elif order == 2:
            draft.key[index] = -distance(ground, customer, seed)
        else:
            draft.key[index] = roll(draft.dice)
    sort_by_key(draft, loose)
    draft.tally[WORK] += 2 * loose


@borrowing
def sort_by_key(draft: Draft, count: int) -> None:
    """Sort the first loose customers by key; a Shell sort, since it needs no memory of its own."""
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for index in range(gap, count):
            customer, key = draft.loose[index], draft.key[index]
            hole = index
            while hole >= gap and draft.key[hole - gap] > key:
                draft.key[hole] = draft.key[hole - gap]
                draft.loose[hole] = draft.loose[hole - gap]
                hole -= gap
            draft.loose[hole] = customer
            draft.key[hole] = key
        gap //= 3


@borrowing
def rebuild(ground: Ground, board: Board, draft: Draft, price: float) -> None:
    """Give every loose customer, in order, to the cheapest local cluster."""
    loose = draft.tally[LOOSE]
    for index in range(loose):
        customer = draft.loose[index]
        slot = best_slot(ground, board, draft, customer, price)
        place(ground, board, draft, customer, slot)
    draft.tally[WORK] += loose * (draft.tally[LOCAL] + 4)


@borrowing
def best_slot(ground: Ground, board: Board, draft: Draft, customer: int, price: float) -> int:
    """Return the cheapest local slot for a customer, overload priced."""
    best, least = draft.local[0], np.inf
    demand = ground.demand[customer]
    for rank in range(draft.tally[LOCAL]):
        slot = draft.local[rank]
        centre = board.median[slot]
        cost = distance(ground, customer, centre)
        if cost >= least:
            continue
        excess = board.load[slot] + demand - ground.capacity[centre]
        if excess > 1e-9:
            cost += price * min(excess, demand)
        if cost < least and roll(draft.dice) >= _BLINK:
            best, least = slot, cost
    return int(best)


@borrowing
def recentre_touched(ground: Ground, board: Board, draft: Draft) -> None:
    """Move the medians of changed clusters where that saves travel."""
    for index in range(draft.tally[TOUCHED]):
        slot = draft.touched[index]
        if (
            board.travel[slot] != draft.old_travel[slot]
            or board.median[slot] != draft.old_median[slot]
        ):
            draft.tally[WORK] += recentre(ground, board, slot, False)


@borrowing
def loosen_again(ground: Ground, board: Board, draft: Draft) -> None:
    """Loosen everybody whom this trial has moved and who is no median now."""
    draft.tally[LOOSE] = 0
    for index in range(draft.tally[MOVED]):
        customer = draft.moved[index]
        slot = board.cluster[customer]
        if board.median[slot] != customer:
            loosen(ground, board, draft, customer)
