"""The three kinds of trial between two districts: give units, exchange some, recombine both."""

from __future__ import annotations

from sfterritory.optimize.district.board import CUTS, STAMP, WORK, Board, Ground, shift
from sfterritory.optimize.district.spanning_tree import balanced_unit, draw_tree, hand_over
from sfterritory.optimize.median.dice import pick, roll
from sfterritory.optimize.median.kernel import borrowing

_TRIES = 6  # cut edges looked at for one between two given districts


@borrowing
def give(ground: Ground, board: Board, unit: int, to: int) -> bool:
    """Move a unit to a bordering district, and with it what it alone held to its own.

    Returns False, and moves nothing, where its district would end.
    """
    count = _gather(ground, board, unit)
    for index in range(count):
        shift(ground, board, board.group[index], to)
    return count > 0


@borrowing
def exchange(ground: Ground, board: Board, unit: int, to: int) -> bool:
    """Move a unit to a bordering district and some other unit of that back; False as `give`."""
    own = board.district[unit]
    if not give(ground, board, unit, to):
        return False
    for _ in range(_TRIES):
        edge = board.cut[pick(board.dice, board.tally[CUTS])]
        first, second = ground.ends[edge, 0], ground.ends[edge, 1]
        if board.district[first] == own:
            first, second = second, first
        if board.district[first] == to and board.district[second] == own and first != unit:
            return give(ground, board, first, own)
    return True


@borrowing
def recombine(ground: Ground, board: Board, a: int, b: int) -> None:
    """Divide two bordering districts afresh, along a spanning tree of both."""
    draw_tree(ground, board, a, b)
    top = balanced_unit(ground, board)
    if roll(board.dice) < 0.5:
        hand_over(ground, board, top, a, b)
    else:
        hand_over(ground, board, top, b, a)


@borrowing
def _gather(ground: Ground, board: Board, unit: int) -> int:
    """List, in `group`, a unit and the parts of its district that only it holds to the largest.

    Returns how many units that are: 0 where the unit is all of its district.
    """
    board.group[0] = unit
    mates = _mates(ground, board, unit)
    if mates == 0:
        return 0
    if mates == 1 or _joined_nearby(ground, board, unit, mates):
        return 1
    return _gather_parts(ground, board, unit)


@borrowing
def _mates(ground: Ground, board: Board, unit: int) -> int:
    """Stamp the neighbours of a unit in its own district; return how many they are."""
    board.tally[STAMP] += 1
    own, count = board.district[unit], 0
    for index in range(ground.first[unit], ground.first[unit + 1]):
        if board.district[ground.neighbour[index]] == own:
            board.seen[ground.neighbour[index]] = board.tally[STAMP]
            count += 1
    board.tally[WORK] += ground.first[unit + 1] - ground.first[unit]
    return count


@borrowing
def _joined_nearby(ground: Ground, board: Board, unit: int, mates: int) -> bool:
    """Return whether the stamped neighbours of a unit are joined by borders among themselves."""
    stamp = board.tally[STAMP]
    board.tally[STAMP] += 1
    visited = board.tally[STAMP]
    count = 0
    for index in range(ground.first[unit], ground.first[unit + 1]):
        if board.seen[ground.neighbour[index]] == stamp:
            board.queue[0] = ground.neighbour[index]
            board.seen[board.queue[0]] = visited
            count = 1
            break
    done = 0
    while done < count:
        mate = board.queue[done]
        done += 1
        for index in range(ground.first[mate], ground.first[mate + 1]):
            other = ground.neighbour[index]
            if board.seen[other] == stamp:
                board.seen[other] = visited
                board.queue[count] = other
                count += 1
        board.tally[WORK] += ground.first[mate + 1] - ground.first[mate]
    return count == mates


@borrowing
def _gather_parts(ground: Ground, board: Board, unit: int) -> int:
    """List a unit and every part of its district without it but the one with the most people.

    Parts are visited one after the other; whichever is smaller than the largest so far is listed.
    """
    own = board.district[unit]
    board.tally[STAMP] += 1
    stamp = board.tally[STAMP]
    board.seen[unit] = stamp
    count, largest = 1, -1.0
    kept_first, kept_last, filled = 0, 0, 0
    for index in range(ground.first[unit], ground.first[unit + 1]):
        start = ground.neighbour[index]
        if board.district[start] != own or board.seen[start] == stamp:
            continue
        begin = filled
        board.queue[filled] = start
        board.seen[start] = stamp
        filled += 1
        people, done = 0.0, begin
        while done < filled:
            member = board.queue[done]
            done += 1
            people += ground.people[member]
            for place in range(ground.first[member], ground.first[member + 1]):
                other = ground.neighbour[place]
                if board.district[other] == own and board.seen[other] != stamp:
                    board.seen[other] = stamp
                    board.queue[filled] = other
                    filled += 1
            board.tally[WORK] += ground.first[member + 1] - ground.first[member]
        if people > largest:
            for place in range(kept_first, kept_last):
                board.group[count] = board.queue[place]
                count += 1
            largest, kept_first, kept_last = people, begin, filled
        else:
            for place in range(begin, filled):
                board.group[count] = board.queue[place]
                count += 1
    return count
