"""Shortest paths on the graph of centres, and the moves and prices that follow them.

Every row sits where its cost less the centre's price is least, so the assignment is optimal for its
own loads. While a centre is over its band, one row moves along each arc of the cheapest path to a
centre with room; while one is under, rows come along the cheapest path from a centre that can give.
A receiver with a price above 0 is held at its lower limit by that price, and taking from it costs
the price on top (complementary slackness); a giver with a price below 0 likewise.

Source: successive shortest paths on the residual graph of a transport, Ford and Fulkerson (1962).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.optimize.engine.heap import NOTHING, Board, move
from sfterritory.optimize.engine.kernel import TIE_KM, Longs, compiled

EXACT_SHARE = 1e-12
"""Of a load: what lies outside by less is rounding."""

Aim = tuple[Floats, Floats, Floats, bool]
"""lo, hi, by how much a load may miss them, and whether centres that are over are the sources now,
or those that are under."""


class Search(NamedTuple):
    """Scratch of the path search: distances, parents and a binary heap."""

    km: Floats
    parent: Longs
    settled: Flags
    touched: Ints
    heap_km: Floats
    heap_rep: Ints


@compiled
def augment(board: Board, lo: Floats, hi: Floats, slack_share: float = EXACT_SHARE) -> int:
    """Augment until no centre is outside, or none that is has a path; return the paths.

    A load may miss its band by a share of the middle of the band: whole rows fit no limit exactly,
    and prices would rise without end for a fraction of one.
    """
    k, most = len(lo), len(board.root) + len(lo) + 1
    search = Search(
        np.full(k, np.inf), np.full(k, NOTHING, dtype=np.int64), np.zeros(k, dtype=np.bool_),
        np.empty(k, dtype=np.int32), np.empty(most), np.empty(most, dtype=np.int32),
    )  # fmt: skip
    limit = 3 * len(board.hours) + 50 * k
    slack = slack_share * np.maximum(0.5 * (lo + np.where(hi < np.inf, hi, lo)), 1e-300)
    over = _phase(board, search, (lo, hi, slack, True), limit)
    return over + _phase(board, search, (lo, hi, slack, False), limit)


@compiled
def _phase(board: Board, search: Search, aim: Aim, limit: int) -> int:
    lo, _, _, up = aim
    stuck = np.zeros(len(lo), dtype=np.bool_)
    paths = 0
    while paths < limit:
        source = _worst(board, aim, stuck)
        if source == NOTHING:
            break
        end, end_km, touched = _path(board, search, source, aim)
        if end == source:
            _reprice(board, search, (end_km, up, touched))
        elif end == NOTHING or not _may_leave(board, search, source, end, aim):
            stuck[source] = True
        else:
            _shift(board, search, source, end, (end_km, up, touched))
            paths += 1
        _clear(search, touched)
    return paths


@compiled
def _worst(board: Board, aim: Aim, stuck: Flags) -> int:
    """Return the centre farthest outside its band, or off the limit that its price says it is at.

    A price above 0 belongs to a centre at lo, one below 0 to a centre at hi. New candidates, and
    rows that do not fit exactly, leave centres where that is no longer so.
    """
    lo, hi, slack, up = aim
    worst, most = NOTHING, 1.0
    for rep in range(len(lo)):
        if stuck[rep]:
            continue
        if up:
            limit = lo[rep] if board.psi[rep] > TIE_KM else hi[rep]
            excess = board.load[rep] - limit
        else:
            limit = hi[rep] if board.psi[rep] < -TIE_KM else lo[rep]
            excess = limit - board.load[rep]
        if excess > most * slack[rep]:
            worst, most = rep, excess / slack[rep]
    return worst


@compiled
def _may_leave(board: Board, search: Search, source: int, end: int, aim: Aim) -> bool:
    """Say whether a source within its band stays there after the path's row has left or come."""
    lo, hi, slack, up = aim
    rep = end
    while True:
        node = board.root[search.parent[rep]]
        here = board.arcs.rep[board.at[board.arcs.row[node]]]
        rep = here if up else board.arcs.rep[node]
        if rep == source:
            break
    hours = board.hours[board.arcs.row[node]]
    load, less, more = board.load[source], lo[source] - slack[source], hi[source] + slack[source]
    return (
        bool(load > more or load - hours >= less)
        if up
        else bool(load < less or load + hours <= more)
    )


@compiled
def _path(board: Board, search: Search, source: int, aim: Aim) -> tuple[int, float, int]:
    """Return the best end of a path from the source, its cost, and how many centres were seen."""
    search.km[source] = 0.0
    search.touched[0] = source
    touched, size = 1, _push(search.heap_km, search.heap_rep, 0, 0.0, source)
    end, end_km = NOTHING, np.inf
    lo, hi, slack, up = aim
    if up and board.load[source] <= hi[source] + slack[source]:
        end, end_km = source, max(0.0, board.psi[source])
    elif not up and board.load[source] >= lo[source] - slack[source]:
        end, end_km = source, max(0.0, -board.psi[source])
    while size > 0:
        km, rep, size = _pop(search.heap_km, search.heap_rep, size)
        if km >= end_km:
            break
        if search.settled[rep]:
            continue
        search.settled[rep] = True
        if rep != source and _has_room(board, search.parent[rep], rep, aim):
            penalty = max(0.0, board.psi[rep] if up else -board.psi[rep])
            if km + penalty < end_km:
                end, end_km = rep, km + penalty
        touched, size = _relax(board, search, rep, (km, end_km, up), (touched, size))
    return end, end_km, touched


@compiled
def _relax(
    board: Board,
    search: Search,
    rep: int,
    at: tuple[float, float, bool],
    sizes: tuple[int, int],
) -> tuple[int, int]:
    km, end_km, up = at
    touched, size = sizes
    to, back, root_km, psi = board.pairs.to, board.pairs.back, board.root_km, board.psi
    so_far, settled = search.km, search.settled
    for forth in range(board.pairs.start[rep], board.pairs.start[rep + 1]):
        other = to[forth]
        if settled[other]:
            continue
        if up:
            pair = forth
            reduced_km = root_km[pair] - (psi[other] - psi[rep])
        else:
            pair = back[forth]
            reduced_km = root_km[pair] - (psi[rep] - psi[other])
        other_km = km + max(0.0, reduced_km)
        if other_km < so_far[other] and other_km < end_km:
            if so_far[other] == np.inf:
                search.touched[touched] = other
                touched += 1
            so_far[other], search.parent[other] = other_km, pair
            size = _push(search.heap_km, search.heap_rep, size, other_km, other)
    return touched, size


@compiled
def _has_room(board: Board, pair: int, rep: int, aim: Aim) -> bool:
    hours = board.hours[board.arcs.row[board.root[pair]]]
    lo, hi, slack, up = aim
    if up:
        return bool(board.load[rep] + hours <= hi[rep] + slack[rep])
    return bool(board.load[rep] - hours >= lo[rep] - slack[rep])


@compiled
def _shift(
    board: Board, search: Search, source: int, end: int, cost: tuple[float, bool, int]
) -> None:
    """Move one row along each arc of the path and change the prices of what was settled nearer."""
    _, up, _ = cost
    nodes = [board.root[search.parent[end]]]
    rep = end
    while True:
        # the arc between this centre and its parent, walked against the search
        node = nodes[-1]
        here = board.arcs.rep[board.at[board.arcs.row[node]]]
        rep = here if up else board.arcs.rep[node]
        if rep == source:
            break
        nodes.append(board.root[search.parent[rep]])
    _reprice(board, search, cost)
    for node in nodes:
        move(board, node)


@compiled
def _reprice(board: Board, search: Search, cost: tuple[float, bool, int]) -> None:
    """Change the price of each centre that was settled nearer than the end, so that it ties."""
    end_km, up, touched = cost
    for at in range(touched):
        one = search.touched[at]
        if search.settled[one] and search.km[one] < end_km:
            change = end_km - search.km[one]
            board.psi[one] += -change if up else change


@compiled
def _clear(search: Search, touched: int) -> None:
    for at in range(touched):
        rep = search.touched[at]
        search.km[rep], search.parent[rep], search.settled[rep] = np.inf, NOTHING, False


@compiled
def _push(heap_km: Floats, heap_rep: Ints, size: int, km: float, rep: int) -> int:
    at = size
    while at > 0:
        up = (at - 1) // 2
        if heap_km[up] <= km:
            break
        heap_km[at], heap_rep[at] = heap_km[up], heap_rep[up]
        at = up
    heap_km[at], heap_rep[at] = km, rep
    return size + 1


@compiled
def _pop(heap_km: Floats, heap_rep: Ints, size: int) -> tuple[float, int, int]:
    top_km, top_rep = heap_km[0], heap_rep[0]
    size -= 1
    km, rep, at = heap_km[size], heap_rep[size], 0
    while True:
        down = 2 * at + 1
        if down >= size:
            break
        if down + 1 < size and heap_km[down + 1] < heap_km[down]:
            down += 1
        if heap_km[down] >= km:
            break
        heap_km[at], heap_rep[at] = heap_km[down], heap_rep[down]
        at = down
    heap_km[at], heap_rep[at] = km, rep
    return top_km, top_rep, size
