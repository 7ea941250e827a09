"""What one trial has changed, so that it can be priced and taken back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.median.board import Board, Ground, overload_of, put_in, take_out
from sfterritory.optimize.median.dice import Dice
from sfterritory.optimize.median.kernel import borrowing

Stamps = NDArray[np.int64]

MOVED, TOUCHED, LOOSE, LOCAL, TRIAL, WORK = range(6)
"""Places in `Draft.tally`."""

_TRIAL_WORK = 100  # distances that a trial's bookkeeping is worth
_LIFT_WORK = 12  # distances that taking out and putting in is worth


class Draft(NamedTuple):
    """What one trial has changed, so that it can be taken back.

    Attributes:
        moved: Customers taken out, each once.
        origin: The slot each stood in.
        seen: Trial in which a customer was last taken out.
        touched: Slots changed, each once.
        slot_seen: Trial in which a slot was last changed.
        old_median: Before the trial, by slot; so are load and travel.
        local: Slots round the seed, nearest first.
        local_seen: Trial in which a slot was last local.
        loose: Customers who wait for a cluster.
        key: What they are sorted by.
        tally: How much of the lists is filled, the trial's number, the work done.
        dice: State of the dice.
    """

    moved: Ints
    origin: Ints
    seen: Stamps
    touched: Ints
    slot_seen: Stamps
    old_median: Ints
    old_load: Floats
    old_travel: Floats
    local: Ints
    local_seen: Stamps
    loose: Ints
    key: Floats
    tally: Stamps
    dice: Dice


def new_draft(n: int, p: int, *, dice: Dice) -> Draft:
    """Return an empty draft."""
    return Draft(
        moved=np.zeros(n, dtype=np.int32),
        origin=np.zeros(n, dtype=np.int32),
        seen=np.zeros(n, dtype=np.int64),
        touched=np.zeros(p, dtype=np.int32),
        slot_seen=np.zeros(p, dtype=np.int64),
        old_median=np.zeros(p, dtype=np.int32),
        old_load=np.zeros(p),
        old_travel=np.zeros(p),
        local=np.zeros(p, dtype=np.int32),
        local_seen=np.zeros(p, dtype=np.int64),
        loose=np.zeros(n, dtype=np.int32),
        key=np.zeros(n),
        tally=np.zeros(6, dtype=np.int64),
        dice=dice,
    )


@borrowing
def begin(draft: Draft) -> None:
    """Begin a trial."""
    for place in range(4):
        draft.tally[place] = 0
    draft.tally[TRIAL] += 1
    draft.tally[WORK] += _TRIAL_WORK


@borrowing
def touch(board: Board, draft: Draft, slot: int) -> None:
    """Note how a slot stood before the trial."""
    if draft.slot_seen[slot] == draft.tally[TRIAL]:
        return
    draft.slot_seen[slot] = draft.tally[TRIAL]
    draft.touched[draft.tally[TOUCHED]] = slot
    draft.tally[TOUCHED] += 1
    draft.old_median[slot] = board.median[slot]
    draft.old_load[slot] = board.load[slot]
    draft.old_travel[slot] = board.travel[slot]


@borrowing
def lift(ground: Ground, board: Board, draft: Draft, customer: int) -> None:
    """Take a customer out and note where he stood."""
    slot = board.cluster[customer]
    touch(board, draft, slot)
    if draft.seen[customer] != draft.tally[TRIAL]:
        draft.seen[customer] = draft.tally[TRIAL]
        draft.origin[customer] = slot
        draft.moved[draft.tally[MOVED]] = customer
        draft.tally[MOVED] += 1
    draft.tally[WORK] += _LIFT_WORK
    take_out(ground, board, customer)


@borrowing
def loosen(ground: Ground, board: Board, draft: Draft, customer: int) -> None:
    """Take a customer out who shall be given to a cluster later."""
    lift(ground, board, draft, customer)
    draft.loose[draft.tally[LOOSE]] = customer
    draft.tally[LOOSE] += 1


@borrowing
def place(ground: Ground, board: Board, draft: Draft, customer: int, slot: int) -> None:
    """Put a lifted customer into a cluster."""
    touch(board, draft, slot)
    put_in(ground, board, customer, slot)


@borrowing
def change(ground: Ground, board: Board, draft: Draft, price: float) -> float:
    """Return what the trial changes: travel, and overload at its price."""
    total = 0.0
    for index in range(draft.tally[TOUCHED]):
        slot = draft.touched[index]
        total += board.travel[slot] - draft.old_travel[slot]
        before = draft.old_load[slot] - ground.capacity[draft.old_median[slot]]
        total += price * (overload_of(ground, board, slot) - max(0.0, before))
    return total


@borrowing
def take_back(ground: Ground, board: Board, draft: Draft) -> None:
    """Undo the trial; sums get the very numbers they had."""
    for index in range(draft.tally[MOVED]):
        customer = draft.moved[index]
        if board.cluster[customer] != draft.origin[customer]:
            take_out(ground, board, customer)
            put_in(ground, board, customer, draft.origin[customer])
    for index in range(draft.tally[TOUCHED]):
        slot = draft.touched[index]
        board.median[slot] = draft.old_median[slot]
        board.load[slot] = draft.old_load[slot]
        board.travel[slot] = draft.old_travel[slot]
