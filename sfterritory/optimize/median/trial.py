"""The four kinds of trial: reassign a ball, reopen medians, carry one elsewhere, eject."""

from __future__ import annotations

import numpy as np

from sfterritory.optimize.median.board import NOBODY, Board, Ground, distance, overload_of
from sfterritory.optimize.median.dice import pick, roll
from sfterritory.optimize.median.draft import LOCAL, LOOSE, WORK, Draft, lift, place
from sfterritory.optimize.median.kernel import borrowing
from sfterritory.optimize.median.rebuild import loosen_again, rebuild, recentre_touched, sort_loose
from sfterritory.optimize.median.ruin import (
    MOST_LOCAL,
    dissolve,
    look_round,
    open_among_loose,
    open_at,
    ruin_ball,
)

_USUAL_LOOSE = 160  # customers whom closing clusters may loosen, or two clusters if that is more
_EJECT_LOCAL, _CHAIN = 8, 3


@borrowing
def reassign_ball(ground: Ground, board: Board, draft: Draft, seed: int, price: float) -> None:
    """Trial: loosen a ball over two to five clusters and rebuild it."""
    clusters = 2 + pick(draft.dice, 4)
    look_round(ground, board, draft, seed, MOST_LOCAL)
    ruin_ball(ground, board, draft, seed, clusters, 2 + pick(draft.dice, 14))
    sort_loose(ground, draft, seed)
    rebuild(ground, board, draft, price)


@borrowing
def reopen(ground: Ground, board: Board, draft: Draft, seed: int, price: float) -> None:
    """Trial: close one to four neighbouring medians and open as many among their customers."""
    look_round(ground, board, draft, seed, MOST_LOCAL)
    usual = _USUAL_LOOSE * len(board.median) // len(board.cluster)
    slots = 1 + pick(draft.dice, max(2, min(4, usual)))
    slots = min(slots, draft.tally[LOCAL])
    for rank in range(slots):
        dissolve(ground, board, draft, draft.local[rank])
    open_among_loose(ground, board, draft, slots)
    if roll(draft.dice) < 0.5:
        ruin_ball(ground, board, draft, seed, slots + 3, pick(draft.dice, 10))
    sort_loose(ground, draft, seed)
    rebuild(ground, board, draft, price)
    recentre_touched(ground, board, draft)
    loosen_again(ground, board, draft)
    sort_loose(ground, draft, seed)
    rebuild(ground, board, draft, price)


@borrowing
def relocate_slot(
    ground: Ground, board: Board, draft: Draft, seed: int, target: int, price: float
) -> None:
    """Trial: close the seed's cluster and open it at a target elsewhere, which draws neighbours.

    This is the only trial that carries a median across other territories.
    """
    slot = board.cluster[seed]
    owner = board.cluster[target]
    if owner != slot and board.median[owner] == target:
        return
    look_round(ground, board, draft, seed, MOST_LOCAL)
    dissolve(ground, board, draft, slot)
    ruin_ball(ground, board, draft, seed, 4, draft.tally[LOOSE] + pick(draft.dice, 8))
    if board.cluster[target] == NOBODY:
        for index in range(draft.tally[LOOSE]):
            if draft.loose[index] == target:
                open_at(ground, board, draft, slot, index)
                break
    else:
        lift(ground, board, draft, target)
        board.median[slot] = target
        place(ground, board, draft, target, slot)
    _draw_neighbours(ground, board, draft, slot)
    sort_loose(ground, draft, seed)
    rebuild(ground, board, draft, price)


@borrowing
def _draw_neighbours(ground: Ground, board: Board, draft: Draft, slot: int) -> None:
    """Take over, within the capacity, the customers to whom a new median is nearer than theirs."""
    centre = board.median[slot]
    room = ground.capacity[centre] - board.load[slot]
    for rank in range(ground.near.shape[1]):
        customer = ground.near[centre, rank]
        giver = board.cluster[customer]
        if giver == slot or giver == NOBODY:  # noqa: PLR1714, SIM109 - numba has no `in` for them
            continue
        if board.median[giver] == customer:
            continue
        here = distance(ground, customer, centre)
        there = distance(ground, customer, board.median[giver])
        if here < there and ground.demand[customer] <= room:
            lift(ground, board, draft, customer)
            place(ground, board, draft, customer, slot)
            room -= ground.demand[customer]
    draft.tally[WORK] += 2 * ground.near.shape[1]


@borrowing
def eject(ground: Ground, board: Board, draft: Draft, seed: int, price: float) -> None:
    """Trial: force the seed into a neighbouring cluster, which gives up whom it can spare best.

    Whoever is given up may overload the next cluster in turn; the chain ends after three.
    """
    giver = board.cluster[seed]
    if board.median[giver] == seed:
        return
    look_round(ground, board, draft, seed, _EJECT_LOCAL)
    if draft.tally[LOCAL] < 2:
        return
    slot = draft.local[1 + pick(draft.dice, min(3, draft.tally[LOCAL] - 1))]
    lift(ground, board, draft, seed)
    place(ground, board, draft, seed, slot)
    for _ in range(_CHAIN):
        if overload_of(ground, board, slot) == 0.0:
            break
        member, receiver = _best_gift(ground, board, draft, slot, seed, price)
        draft.tally[WORK] += board.size[slot] * draft.tally[LOCAL]
        if member == NOBODY:
            break
        lift(ground, board, draft, member)
        place(ground, board, draft, member, receiver)
        slot = receiver


@borrowing
def _best_gift(
    ground: Ground, board: Board, draft: Draft, slot: int, seed: int, price: float
) -> tuple[int, int]:
    """Return the member, not the seed, and the local slot where he costs least; or NOBODY."""
    centre = board.median[slot]
    excess = board.load[slot] - ground.capacity[centre]
    best, receiver, least = NOBODY, NOBODY, np.inf
    member = board.head[slot]
    while member != NOBODY:
        if member != seed and member != centre:  # noqa: PLR1714 - as above
            demand = ground.demand[member]
            saved = distance(ground, member, centre) - price * max(0.0, excess - demand)
            for rank in range(draft.tally[LOCAL]):
                other = draft.local[rank]
                away = distance(ground, member, board.median[other]) - saved
                if other == slot or away >= least:
                    continue
                over = board.load[other] + demand - ground.capacity[board.median[other]]
                away += price * max(0.0, over)
                if away < least:
                    best, receiver, least = member, other, away
        member = board.after[member]
    return best, receiver
