"""Moves between neighbour territories that pay and tear nothing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.model.sphere import Vectors
from sfterritory.optimize.engine.contiguity import Land
from sfterritory.optimize.engine.desk import LOAD, broken
from sfterritory.optimize.engine.kernel import Longs, arc_km, compiled
from sfterritory.optimize.engine.terms import Terms, priced_km


class Book(NamedTuple):
    """Accounts, centres, terms, and whose territory must not tear, as compiled loops take them."""

    vectors: Vectors
    hours: Floats
    rep: Ints
    churn_km: Floats
    locked: Flags
    centres: Vectors
    amounts: Floats
    group: Ints
    terms: Terms
    whole: Flags


@compiled
def _cost(book: Book, row: int, rep: int) -> float:
    km = arc_km(
        book.vectors[row, 0], book.vectors[row, 1], book.vectors[row, 2],
        book.centres[rep, 0], book.centres[rep, 1], book.centres[rep, 2],
    )  # fmt: skip
    leaves = book.rep[row] >= 0 and book.rep[row] != rep
    # infinite where the rep may not have it: no move to there ever pays
    priced = priced_km(book.terms, book.group[row], rep, km)
    return float(book.hours[row] * (priced + (book.churn_km[row] if leaves else 0.0)))


@compiled
def _holds(where: Land, territory: Ints, place: int, rep: int, but: int) -> bool:
    """Say whether a place has an account of the rep other than one row."""
    for at in range(where.row_start[place], where.row_start[place + 1]):
        row = where.rows[at]
        if row != but and territory[row] == rep:
            return True
    return False


@compiled
def guarded_shifts(book: Book, where: Land, territory: Ints, bands: Floats, floor: float) -> int:
    """Move rows to neighbour territories where that pays and tears nothing; return how many."""
    moves = 0
    seen = np.full(len(where.row_start) - 1, -1, dtype=np.int64)
    queue = np.empty(len(seen), dtype=np.int64)
    stamp = 0
    for row in range(len(territory)):
        if book.locked[row]:
            continue
        giver, place = territory[row], where.place[row]
        here = _cost(book, row, giver) - broken(bands, book.amounts, giver, row, -1)
        best, best_change = -1, -floor
        for at in range(where.start[place] - 1, where.start[place + 1]):
            other = place if at < where.start[place] else where.to[at]
            # the first and the last account of a place stand for it: places rarely hold more
            for end in (where.row_start[other], where.row_start[other + 1] - 1):
                taker = territory[where.rows[end]]
                if taker == giver or taker == best:  # noqa: PLR1714, SIM109 - `in` does not compile
                    continue
                change = _cost(book, row, taker) - here
                change += broken(bands, book.amounts, taker, -1, row)
                if change < best_change:
                    best, best_change = taker, change
        if best < 0:
            continue
        stamp += 1
        if not book.whole[giver] or _may_go(where, territory, row, (seen, queue, stamp)):
            for m in range(book.amounts.shape[1]):
                bands[giver, m, LOAD] -= book.amounts[row, m]
                bands[best, m, LOAD] += book.amounts[row, m]
            territory[row] = best
            moves += 1
    return moves


@compiled
def guarded_swaps(
    book: Book,
    where: Land,
    territory: Ints,
    bands: Floats,
    how: tuple[tuple[Longs, Longs, Longs], float],
) -> int:
    """Exchange rows of neighbour territories where that pays and tears nothing; return how many."""
    (pairs, start, rows), floor = how
    k, moves, stamp = len(bands), 0, 0
    seen = np.full(len(where.row_start) - 1, -1, dtype=np.int64)
    queue = np.empty(len(seen), dtype=np.int64)
    for pair in range(len(pairs)):
        one, two = pairs[pair] // k, pairs[pair] % k
        back = np.searchsorted(pairs, two * k + one)
        if one > two or back >= len(pairs) or pairs[back] != two * k + one:
            continue
        for at in range(start[pair], start[pair + 1]):
            row = rows[at]
            if territory[row] != one:
                continue
            added = _cost(book, row, two) - _cost(book, row, one)
            for other in rows[start[back] : start[back + 1]]:
                if territory[other] != two:
                    continue
                change = added + broken(bands, book.amounts, one, row, other)
                change += broken(bands, book.amounts, two, other, row)
                if change >= -floor:  # most pairs end here: the way back is dear to find
                    continue
                change += _cost(book, other, one) - _cost(book, other, two)
                stamp += 2
                if change < -floor and _exchanged(
                    where, territory, book.whole, (row, other), (seen, queue, stamp)
                ):
                    for m in range(book.amounts.shape[1]):
                        more = book.amounts[row, m] - book.amounts[other, m]
                        bands[one, m, LOAD] -= more
                        bands[two, m, LOAD] += more
                    moves += 1
                    break
    return moves


@compiled
def _exchanged(
    where: Land,
    territory: Ints,
    whole: Flags,
    rows: tuple[int, int],
    scratch: tuple[Longs, Longs, int],
) -> bool:
    """Exchange two rows; where that would tear a territory undo it and say no."""
    row, other = rows
    seen, queue, stamp = scratch
    one, two = territory[row], territory[other]
    if whole[one] and not _may_go(where, territory, row, scratch):
        return False
    territory[row] = two
    if not whole[two] or _may_go(where, territory, other, (seen, queue, stamp + 1)):
        territory[other] = one
        if (not whole[two] or _touches(where, territory, row)) and (
            not whole[one] or _touches(where, territory, other)
        ):
            return True
        territory[other] = two
    territory[row] = one
    return False


@compiled
def _touches(where: Land, territory: Ints, row: int) -> bool:
    place, rep = where.place[row], territory[row]
    if _holds(where, territory, place, rep, row):
        return True
    for at in range(where.start[place], where.start[place + 1]):
        if _holds(where, territory, where.to[at], rep, row):
            return True
    return False


@compiled
def _may_go(where: Land, territory: Ints, row: int, scratch: tuple[Longs, Longs, int]) -> bool:
    """Say whether the territory stays in one piece without the row."""
    seen, queue, stamp = scratch
    place, rep = where.place[row], territory[row]
    if _holds(where, territory, place, rep, row):
        return True
    waiting, first = 0, -1
    for at in range(where.start[place], where.start[place + 1]):
        if _holds(where, territory, where.to[at], rep, row):
            waiting += 1
            first = where.to[at]
    if waiting <= 1:
        return True
    seen[place], seen[first], queue[0] = stamp, stamp, first
    head, tail = 0, 1
    waiting -= 1
    while head < tail:
        here = queue[head]
        head += 1
        for at in range(where.start[here], where.start[here + 1]):
            there = where.to[at]
            if seen[there] == stamp or not _holds(where, territory, there, rep, row):
                continue
            seen[there] = stamp
            queue[tail] = there
            tail += 1
            if _adjacent(where, place, there):
                waiting -= 1
                if waiting == 0:
                    return True
    return False


@compiled
def _adjacent(where: Land, one: int, two: int) -> bool:
    for at in range(where.start[one], where.start[one + 1]):  # noqa: SIM110 - compiled
        if where.to[at] == two:
            return True
    return False
