"""Ruin: which clusters are near, and who is taken out of them."""

from __future__ import annotations

import numpy as np

from sfterritory.optimize.median.board import NOBODY, Board, Ground, distance
from sfterritory.optimize.median.dice import pick
from sfterritory.optimize.median.draft import LOCAL, LOOSE, TRIAL, WORK, Draft, loosen, place, touch
from sfterritory.optimize.median.kernel import borrowing

MOST_LOCAL = 12  # clusters that a rebuild looks at


@borrowing
def add_local(draft: Draft, slot: int) -> None:
    """Add a slot to the local ones."""
    if draft.local_seen[slot] != draft.tally[TRIAL]:
        draft.local_seen[slot] = draft.tally[TRIAL]
        draft.local[draft.tally[LOCAL]] = slot
        draft.tally[LOCAL] += 1


@borrowing
def look_round(ground: Ground, board: Board, draft: Draft, seed: int, wanted: int) -> None:
    """Add the slots of the nearest customers, then of the nearest medians, up to `wanted`."""
    wanted = min(wanted, len(board.median))
    add_local(draft, board.cluster[seed])
    for rank in range(ground.near.shape[1]):
        if draft.tally[LOCAL] >= wanted:
            break
        slot = board.cluster[ground.near[seed, rank]]
        if slot != NOBODY:
            add_local(draft, slot)
    draft.tally[WORK] += ground.near.shape[1] // 4
    if draft.tally[LOCAL] < wanted:
        _add_nearest_medians(ground, board, draft, seed, wanted)


@borrowing
def _add_nearest_medians(
    ground: Ground, board: Board, draft: Draft, seed: int, wanted: int
) -> None:
    """Add the slots of the nearest medians, kept sorted by distance while all are looked at."""
    first = draft.tally[LOCAL]
    for slot in range(len(board.median)):
        if draft.local_seen[slot] == draft.tally[TRIAL]:
            continue
        away = distance(ground, seed, board.median[slot])
        rank = draft.tally[LOCAL]
        if rank < wanted:
            draft.tally[LOCAL] += 1
        elif away < draft.key[rank - 1]:
            rank -= 1
        else:
            continue
        while rank > first and draft.key[rank - 1] > away:
            draft.key[rank] = draft.key[rank - 1]
            draft.local[rank] = draft.local[rank - 1]
            rank -= 1
        draft.key[rank] = away
        draft.local[rank] = slot
    for rank in range(first, draft.tally[LOCAL]):
        draft.local_seen[draft.local[rank]] = draft.tally[TRIAL]
    draft.tally[WORK] += len(board.median)


@borrowing
def ruin_ball(
    ground: Ground, board: Board, draft: Draft, seed: int, clusters: int, most: int
) -> None:
    """Loosen the customers nearest to the seed, medians apart, out of the first local clusters."""
    clusters = min(clusters, draft.tally[LOCAL])
    for rank in range(clusters):
        touch(board, draft, draft.local[rank])
    taken = 0
    for rank in range(-1, ground.near.shape[1]):
        customer = seed if rank < 0 else ground.near[seed, rank]
        slot = board.cluster[customer]
        if slot == NOBODY or draft.slot_seen[slot] != draft.tally[TRIAL]:
            continue
        if board.median[slot] == customer:
            continue
        loosen(ground, board, draft, customer)
        taken += 1
        if taken >= most:
            break


@borrowing
def dissolve(ground: Ground, board: Board, draft: Draft, slot: int) -> None:
    """Loosen every customer of a cluster, its median too."""
    touch(board, draft, slot)
    member = board.head[slot]
    while member != NOBODY:
        following = board.after[member]
        loosen(ground, board, draft, member)
        member = following
    board.load[slot] = 0.0
    board.travel[slot] = 0.0


@borrowing
def open_at(ground: Ground, board: Board, draft: Draft, slot: int, index: int) -> None:
    """Make a loose customer, by his place in the list, the median of an emptied cluster."""
    customer = draft.loose[index]
    draft.tally[LOOSE] -= 1
    draft.loose[index] = draft.loose[draft.tally[LOOSE]]
    board.median[slot] = customer
    place(ground, board, draft, customer, slot)


@borrowing
def open_among_loose(ground: Ground, board: Board, draft: Draft, slots: int) -> None:
    """Open the first local slots again, each at the loose customer furthest from the open ones.

    Only a few loose customers, drawn for each slot, stand for election.
    """
    for opened in range(slots):
        loose = draft.tally[LOOSE]
        best, widest = pick(draft.dice, loose), -1.0
        for _ in range(1 + pick(draft.dice, 4)):
            index = pick(draft.dice, loose)
            gap = np.inf
            for rank in range(opened):
                centre = board.median[draft.local[rank]]
                gap = min(gap, distance(ground, draft.loose[index], centre))
            if gap > widest:
                best, widest = index, gap
        draft.tally[WORK] += 2 * opened + 2
        open_at(ground, board, draft, draft.local[opened], best)
