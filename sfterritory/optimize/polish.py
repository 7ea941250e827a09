"""Improve an assignment by single moves and by exchanges, under limits of both measures.

Two stages that share their moves: `repair` buys back broken limits for travel, `improve` saves
travel and never lets a limit get worse.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.optimize.candidate import Arcs
from sfterritory.optimize.sphere import totals

# A limit broken by a hair costs like one broken by 2 % of the target: otherwise a move of a few
# kilometres would be too dear to mend it.
_BROKEN = 0.02
# Of the limit prices, one after the other. Dear from the start, the first move that serves would be
# taken, however far; cheap, too many limits would be given up. Neither is best for every book.
REPAIR_STEPS = ((0.15, 1.0, 3.0), (0.5, 1.0, 3.0))
_EXACT = 1e-9  # parts of a target: sums of floats do not count as a broken limit
_SWAP_LIST = 32  # moves each way that an exchange between two territories tries
_NO_WORSE = 1e-3  # of the least gain: sums of floats do not count as a broken limit
_GAIN_FLOOR = 1e-9  # of the mean cost of a row: below it float noise would make moves


@dataclass(frozen=True, slots=True)
class Board:
    """What moves: rows, their candidate arcs, and what they weigh.

    Attributes:
        arcs: Candidates; every row has one to the territory it is in.
        cost: Cost of each arc, hours times km-equivalents.
        amounts: Hours and value of each row, shape (2, n).
        fixed: Hours and value of locked accounts, shape (2, k).
        lo, hi: Limits of whole territories, shape (2, k).
        scale: Target of each territory, 1 where that is 0, shape (2, k).
        limit_prices: What it may cost to bring a whole target into its limits, shape (2,).
        rank: A permutation of the rows that decides ties, shape (n,).
    """

    arcs: Arcs
    cost: Floats
    amounts: Floats
    fixed: Floats
    lo: Floats
    hi: Floats
    scale: Floats
    limit_prices: Floats
    rank: Ints


@dataclass(slots=True)
class _State:
    """Where the rows are now."""

    board: Board
    territory: Ints
    arc: Ints  # the arc each row is on
    load: Floats  # (2, k)

    @classmethod
    def of(cls, board: Board, territory: Ints) -> _State:
        k = board.fixed.shape[1]
        here = np.flatnonzero(board.arcs.territory == territory[board.arcs.row])
        if len(here) != len(territory):
            raise ValueError(f"{len(territory) - len(here)} rows have no arc to their territory")
        load = board.fixed + np.vstack(
            [totals(territory, amount, n_groups=k) for amount in board.amounts]
        )
        return cls(board, territory.copy(), here.astype(np.int32), load)

    def move(self, row: int, arc: int) -> None:
        left, joined = self.territory[row], self.board.arcs.territory[arc]
        self.load[:, left] -= self.board.amounts[:, row]
        self.load[:, joined] += self.board.amounts[:, row]
        self.territory[row] = joined
        self.arc[row] = arc


def score(board: Board, territory: Ints) -> tuple[float, float]:
    """Return the price of broken limits, 0 for none, and the cost; less is better."""
    state = _State.of(board, territory)
    every = np.arange(board.fixed.shape[1], dtype=np.int32)
    return float(_penalty(board, state.load, every).sum()), float(board.cost[state.arc].sum())


def repair(board: Board, territory: Ints, *, rounds: int, steps: tuple[float, ...]) -> Ints:
    """Return an assignment whose limits are kept where moves and exchanges can reach that."""
    state = _State.of(board, territory)
    if not len(territory):
        return state.territory
    for part in steps:
        state.board = replace(board, limit_prices=part * board.limit_prices)
        for _ in range(rounds):
            if not _violations(board, state.load).any():
                return state.territory
            if not _shift_round(state, hard=False) and not _swap_round(state, hard=False):
                break
    return state.territory


def improve(board: Board, territory: Ints, *, rounds: int) -> Ints:
    """Return a cheaper assignment in which no limit is broken further than it was."""
    state = _State.of(board, territory)
    for _ in range(rounds if len(territory) else 0):
        if not _shift_round(state, hard=True) and not _swap_round(state, hard=True):
            break
    return state.territory


def _violations(board: Board, load: Floats) -> Floats:
    """Return how far loads are off their limits in parts of the target, 0 within, shape (2, k)."""
    off = np.maximum(np.maximum(load - board.hi, board.lo - load), 0.0) / board.scale
    kept: Floats = np.where(off > _EXACT, off, 0.0)
    return kept


def _penalty(board: Board, load: Floats, territory: Ints | int) -> Floats:
    """Return the price of broken limits, summed over the measures, for loads of shape (2, ...).

    The square spreads an overload over neighbours, and from them on, until someone has room.
    """
    hi, lo, scale = board.hi[:, territory], board.lo[:, territory], board.scale[:, territory]
    off = np.maximum(np.maximum(load - hi, lo - load), 0.0) / scale
    return _priced(board, off)


def _shift_round(state: _State, *, hard: bool) -> int:
    """Move rows one by one, best first, and return how many moved."""
    board = state.board
    arcs = board.arcs
    gain_floor = _GAIN_FLOOR * max(float(board.cost[state.arc].mean()), 1e-12)
    worse = _limit_change(state)
    delta = board.cost - board.cost[state.arc][arcs.row]
    delta = delta if hard else delta + worse
    chosen = np.flatnonzero(
        (delta < -gain_floor) & ((worse <= _NO_WORSE * gain_floor) | (not hard))
    )
    chosen = chosen[np.lexsort((board.rank[arcs.row[chosen]], delta[chosen]))]
    _, first = np.unique(arcs.row[chosen], return_index=True)
    moved = 0
    for arc in chosen[np.sort(first)].tolist():
        row = int(arcs.row[arc])
        change = _limit_change_one(state, row, arc)  # moves before this one changed the loads
        gain = float(board.cost[state.arc[row]] - board.cost[arc]) - (0.0 if hard else change)
        if gain > gain_floor and not (hard and change > _NO_WORSE * gain_floor):
            state.move(row, arc)
            moved += 1
    return moved


def _limit_change(state: _State) -> Floats:
    """Return by how much each arc's move alone would raise the price of broken limits."""
    board = state.board
    row, joined = board.arcs.row, board.arcs.territory
    left = state.territory
    k = board.fixed.shape[1]
    now = _penalty(board, state.load, np.arange(k, dtype=np.int32))
    leaving = _penalty(board, state.load[:, left] - board.amounts, left) - now[left]
    joining = _penalty(board, state.load[:, joined] + board.amounts[:, row], joined) - now[joined]
    change: Floats = np.where(left[row] == joined, 0.0, leaving[row] + joining)
    return change


def _limit_change_one(state: _State, row: int, arc: int) -> float:
    """Return the same for one move, against the loads of this moment."""
    board = state.board
    left, joined = int(state.territory[row]), int(board.arcs.territory[arc])
    return _pair_change(state, left, joined, board.amounts[:, row].tolist())


def _pair_change(state: _State, left: int, joined: int, net: list[float]) -> float:
    """Return what `net` hours and value going from one territory to another cost in limits."""
    board, change = state.board, 0.0
    for measure, price in enumerate(board.limit_prices.tolist()):
        for territory, amount in ((left, -net[measure]), (joined, net[measure])):
            lo, hi = board.lo[measure, territory], board.hi[measure, territory]
            scale, load = board.scale[measure, territory], state.load[measure, territory]
            before = max(load - hi, lo - load, 0.0) / scale
            after = max(load + amount - hi, lo - load - amount, 0.0) / scale
            change += _priced_one(float(after), price) - _priced_one(float(before), price)
    return change


def _priced(board: Board, off: Floats) -> Floats:
    """Return the price of loads off their limits by parts of the target, shape (2, ...), summed."""
    prices = board.limit_prices.reshape((2, *([1] * (off.ndim - 1))))
    priced: Floats = (prices * np.where(off > _EXACT, off * (1.0 + off) + _BROKEN, 0.0)).sum(axis=0)
    return priced


def _priced_one(off: float, price: float) -> float:
    return price * (off * (1.0 + off) + _BROKEN) if off > _EXACT else 0.0


def _swap_round(state: _State, *, hard: bool) -> int:
    """Exchange rows between pairs of territories, best first per pair; return how many times."""
    swapped = 0
    for there, back in _pair_lists(state, hard=hard):
        swapped += _swap_pair(state, there, back, hard=hard)
    return swapped


def _pair_lists(state: _State, *, hard: bool) -> Iterator[tuple[Ints, Ints]]:
    """Yield, for each two territories, their cheapest moves there and back, as arcs."""
    board, arcs = state.board, state.board.arcs
    k = board.fixed.shape[1]
    left = state.territory[arcs.row]
    delta = board.cost - board.cost[state.arc][arcs.row]
    away = left != arcs.territory
    forth = left.astype(np.int64) * k + arcs.territory
    reverse = arcs.territory.astype(np.int64) * k + left
    if hard:
        best = np.full(k * k, np.inf)
        np.minimum.at(best, forth[away], delta[away])
        keep = np.flatnonzero(away & (delta + best[reverse] < 0))
    else:
        broken = _violations(board, state.load).sum(axis=0) > 0
        keep = np.flatnonzero(away & (broken[left] | broken[arcs.territory]))
    order = np.lexsort((board.rank[arcs.row[keep]], delta[keep], forth[keep]))
    moves = keep[order].astype(np.int32)
    pairs, start = np.unique(forth[moves], return_index=True)
    end = np.append(start, len(moves))[1:]
    slot = dict(zip(pairs.tolist(), zip(start.tolist(), end.tolist(), strict=True), strict=True))
    for pair, (begin, stop) in slot.items():
        source, target = divmod(pair, k)
        if source < target and target * k + source in slot:
            other_begin, other_stop = slot[target * k + source]
            yield (
                _spread(moves[begin:stop], whole=not hard),
                _spread(moves[other_begin:other_stop], whole=not hard),
            )


def _spread(arcs: Ints, *, whole: bool) -> Ints:
    """Return the cheapest moves; in a repair some of every cost, since sizes matter more there."""
    if len(arcs) <= _SWAP_LIST or not whole:
        return arcs[:_SWAP_LIST]
    rest = np.linspace(_SWAP_LIST // 2, len(arcs) - 1, _SWAP_LIST // 2).astype(np.int64)
    return np.concatenate((arcs[: _SWAP_LIST // 2], arcs[rest]))


def _swap_pair(state: _State, there: Ints, back: Ints, *, hard: bool) -> int:
    board, arcs = state.board, state.board.arcs
    there = there[_still(state, there, back[0])]
    back = back[_still(state, back, there[0])] if len(there) else back[:0]
    if not len(there) or not len(back):
        return 0
    gain_floor = _GAIN_FLOOR * max(float(board.cost[state.arc].mean()), 1e-12)
    rows, others = arcs.row[there], arcs.row[back]
    source, target = int(state.territory[rows[0]]), int(state.territory[others[0]])
    cost_there = board.cost[there] - board.cost[state.arc[rows]]
    cost_back = board.cost[back] - board.cost[state.arc[others]]
    delta = cost_there[:, None] + cost_back[None, :]
    net = board.amounts[:, rows][:, :, None] - board.amounts[:, others][:, None, :]
    change = _net_change(state, source, target, net)
    delta = delta if hard else delta + change
    good: Flags = (delta < -gain_floor) & ((change <= _NO_WORSE * gain_floor) | (not hard))
    if not good.any():
        return 0
    spot = int(np.argmin(np.where(good, delta, np.inf)))
    first, second = divmod(spot, len(back))
    state.move(int(rows[first]), int(there[first]))
    state.move(int(others[second]), int(back[second]))
    return 1


def _still(state: _State, moves: Ints, opposite: int) -> Flags:
    """Return which moves still start where the opposite one leads: earlier pairs took some."""
    current: Flags = (
        state.territory[state.board.arcs.row[moves]] == state.board.arcs.territory[opposite]
    )
    return current


def _net_change(state: _State, source: int, target: int, net: Floats) -> Floats:
    board = state.board
    load = state.load[:, [source, target]]
    pair = np.array([source, target], dtype=np.int32)
    now = _penalty(board, load, pair)
    shape = (2, *([1] * (net.ndim - 1)))
    after = _penalty_at(board, load[:, 0].reshape(shape) - net, source, shape)
    after = after + _penalty_at(board, load[:, 1].reshape(shape) + net, target, shape)
    change: Floats = after - float(now.sum())
    return change


def _penalty_at(board: Board, load: Floats, territory: int, shape: tuple[int, ...]) -> Floats:
    hi = board.hi[:, territory].reshape(shape)
    lo = board.lo[:, territory].reshape(shape)
    off = np.maximum(np.maximum(load - hi, lo - load), 0.0)
    off = off / board.scale[:, territory].reshape(shape)
    return _priced(board, off)
