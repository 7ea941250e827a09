"""Exact windows: a few neighbour territories at a time, solved as an integer program.

Moves of one to three rows stop where only more of them together would pay, or would fit a band. A
window frees the rows of a few neighbours that may change hands most cheaply, leaves all else where
it is, and holds all measures in their bands at once. The linear relaxation comes first: it says
whether anything can be gained, and which rows the integer program has to look at.

Work is counted in windows and nodes, never in seconds: the answer is the same on any machine.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_array, csr_array, vstack

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.candidate import Arcs
from sfterritory.optimize.engine.kernel import Longs

_REPS, _MENDED_REPS = 3, (3, 4, 8)
_ARCS = 400  # in the relaxation
_CLOSE_ARCS = 5  # how near two reps are: the mean regret of so many arcs between them
_GAIN_SHARE = 1e-3  # of the mean cost of a rep: less is not worth a window
_TOLERANCE = 2e-6  # of a limit: twice what the solver takes for kept
_BROKEN_PRICE = 50.0  # of what everything costs: a limit broken by its own size
_LEAST_KM = 1e-3  # a metre: a broken band has a price where nothing is far
_ONE = 0.5  # the solver's ones are nearly 1


class _Effort(NamedTuple):
    """Arcs of the relaxation that the integer program has, and how many nodes it may open."""

    arcs: int
    nodes: int


_CHEAPER, _MENDED = _Effort(60, 20), _Effort(150, 100)


class Ground(NamedTuple):
    """What windows are cut from.

    Attributes:
        arcs: At least one for each row.
        hours: What distances weigh, of each row, shape (n,).
        amounts: Of each row in each measure, shape (n, measures).
        lo: Lower limits, shape (k, measures).
        hi: Upper limits, shape (k, measures).
        psi: Price of each rep in km, shape (k,).
    """

    arcs: Arcs
    hours: Floats
    amounts: Floats
    lo: Floats
    hi: Floats
    psi: Floats

    def cost(self, arc: Longs) -> Floats:
        """Return what arcs cost, km hours."""
        costs: Floats = self.hours[self.arcs.row[arc]] * self.arcs.cost_km[arc]
        return costs

    def loads(self, at: Longs) -> Floats:
        """Return the load of each rep, shape (k, measures)."""
        return _summed(self.arcs.rep[at], self.amounts, len(self.psi))

    def outside(self, at: Longs) -> Floats:
        """Return how far each rep lies outside its bands, in mean loads, shape (k,)."""
        load = self.loads(at)
        off = np.maximum(np.maximum(load - self.hi, self.lo - load), 0.0)
        share: Floats = (off / np.maximum(load.mean(axis=0), 1e-300)).sum(axis=1)
        return share


def mended(ground: Ground, at: Longs, *, most: int) -> Longs:
    """Return the arc of each row after windows round the reps outside a band, at most so many.

    No limit that is kept is left, and none is broken farther.
    """
    search = _Search(ground, at)
    while search.count < most:
        before = search.stamp
        off = ground.outside(search.at)
        for rep in np.argsort(-off, kind="stable")[: int((off > 0).sum())].tolist():
            for size in _MENDED_REPS:
                if search.count < most:
                    search.look(rep, size, effort=_MENDED)
        if search.stamp == before:
            break
    return search.at


def cheaper(ground: Ground, at: Longs, *, most: int) -> Longs:
    """Return the arc of each row after windows round everybody in turn, at most so many.

    No limit that is kept is left.
    """
    search = _Search(ground, at)
    while search.count < most:
        stamp = search.stamp
        for rep in range(len(ground.psi)):
            if search.count < most:
                search.look(rep, _REPS, effort=_CHEAPER)
        if search.stamp == stamp:
            break
    return search.at


class _Search:
    """A plan, and which windows need no second look because nothing in them has changed."""

    def __init__(self, ground: Ground, at: Longs) -> None:
        self.ground, self.at = ground, at.copy()
        self.count, self.stamp = 0, 0
        self._scale = max(float(ground.cost(at).sum()), _LEAST_KM * float(ground.hours.sum()))
        self._changed = np.zeros(len(ground.psi), dtype=np.int64)
        self._seen: dict[tuple[int, ...], int] = {}

    def look(self, rep: int, size: int, *, effort: _Effort) -> None:
        """Solve the window of a rep and its nearest neighbours, and take what is better."""
        reps = self._around(rep, size)
        key = tuple(reps.tolist())
        if len(reps) < 2 or self._seen.get(key, -1) >= int(self._changed[reps].max()):
            return
        self._seen[key] = self.stamp
        chosen = self._arcs_inside(reps)
        if len(chosen) == 0:
            return
        self.count += 1
        found = _solved(self.ground, self.at, (reps, chosen), (self._scale, effort))
        if found is not None and self._is_better(found):
            self.stamp += 1
            self._changed[reps] = self.stamp
            self.at = found

    def _around(self, rep: int, size: int) -> Longs:
        """Return a rep and the nearest of those between whom and it rows may move, ascending."""
        arcs, at = self.ground.arcs, self.at
        leaving = _arcs_of(arcs, np.flatnonzero(arcs.rep[at] == rep))
        coming = np.flatnonzero(arcs.rep == rep)
        arc = np.concatenate((leaving, coming))
        arc = arc[at[arcs.row[arc]] != arc]
        giver = arcs.rep[at[arcs.row[arc]]]
        other = np.where(giver == rep, arcs.rep[arc], giver)
        regret = self._regret(arc)
        order = np.lexsort((arc, regret, other))
        other, regret = other[order], regret[order]
        first = np.flatnonzero(np.diff(other, prepend=-1))
        size_of = np.diff(np.append(first, len(other)))
        close = np.arange(len(other)) - np.repeat(first, size_of) < _CLOSE_ARCS
        count = np.minimum(size_of, _CLOSE_ARCS)
        # fewer than five count as far away as they are few
        far = np.add.reduceat(np.where(close, regret, 0.0), first) if len(first) else regret
        nearest = np.argsort(far * _CLOSE_ARCS / count**2, kind="stable")[: size - 1]
        return np.sort(np.append(other[first][nearest], rep)).astype(np.int64)

    def _arcs_inside(self, reps: Longs) -> Longs:
        """Return the arcs between reps on which rows move most cheaply, ascending."""
        arcs, at = self.ground.arcs, self.at
        inside = np.zeros(len(self.ground.psi), dtype=np.bool_)
        inside[reps] = True
        arc = _arcs_of(arcs, np.flatnonzero(inside[arcs.rep[at]]))
        arc = arc[inside[arcs.rep[arc]] & (at[arcs.row[arc]] != arc)]
        return np.sort(arc[np.argsort(self._regret(arc), kind="stable")[:_ARCS]])

    def _regret(self, arc: Longs) -> Floats:
        """Return what moving along arcs costs at the prices of the reps."""
        arcs, psi = self.ground.arcs, self.ground.psi
        here = self.at[arcs.row[arc]]
        more_km = arcs.cost_km[arc] - psi[arcs.rep[arc]] - arcs.cost_km[here] + psi[arcs.rep[here]]
        more: Floats = self.ground.hours[arcs.row[arc]] * more_km
        return more

    def _is_better(self, found: Longs) -> bool:
        ground = self.ground
        was, now = ground.loads(self.at), ground.loads(found)
        if (now > np.maximum(ground.hi, was)).any() or (now < np.minimum(ground.lo, was)).any():
            return False
        before, after = (float(ground.outside(one).sum()) for one in (self.at, found))
        saved = float((ground.cost(self.at) - ground.cost(found)).sum())
        return after < before or (after == before and saved > 0)


class _Program(NamedTuple):
    """Arcs of free rows, with a line for each rep in each measure and one for each row.

    Attributes:
        cost: Of each arc, then of each limit that is broken, shape (v,).
        most: Upper bound of each of these, shape (v,).
        lines: Their coefficients, shape (reps x measures + rows, v).
        low: Of each line.
        high: Of each line.
        now: What the plan costs in it.
    """

    cost: Floats
    most: Floats
    lines: csr_array
    low: Floats
    high: Floats
    now: float


def _solved(
    ground: Ground, at: Longs, window: tuple[Longs, Longs], how: tuple[float, _Effort]
) -> Longs | None:
    """Return the plan with a window solved, None where nothing worth it can be gained."""
    (reps, chosen), (scale, effort) = window, how
    floor, price = _GAIN_SHARE * scale / len(ground.psi), _BROKEN_PRICE * scale
    program, arc = _program(ground, at, (reps, chosen), price)
    reduced, least = _relaxed(program)
    room = program.now - floor - least
    if room < 0:
        return None
    # an arc that costs more than all that can be gained is in no better plan
    away = np.flatnonzero((reduced[: len(arc)] <= room) & (at[ground.arcs.row[arc]] != arc))
    away = away[np.argsort(reduced[away], kind="stable")[: effort.arcs]]
    if len(away) == 0:
        return None
    program, arc = _program(ground, at, (reps, np.sort(arc[away])), price)
    answer = milp(
        program.cost,
        integrality=(np.arange(len(program.cost)) < len(arc)).astype(np.int64),
        bounds=Bounds(0.0, program.most),
        constraints=LinearConstraint(program.lines, program.low, program.high),
        options={"node_limit": effort.nodes, "mip_rel_gap": floor / max(program.now, floor)},
    )
    if answer.x is None:
        return None
    taken = arc[answer.x[: len(arc)] > _ONE]
    found = at.copy()
    found[ground.arcs.row[taken]] = taken
    return found


def _relaxed(program: _Program) -> tuple[Floats, float]:
    """Return the reduced costs of the linear relaxation and its value."""
    equal = program.low == program.high
    over = np.flatnonzero(np.isfinite(program.high) & ~equal)
    under = np.flatnonzero(np.isfinite(program.low) & ~equal)
    lines = program.lines
    answer = linprog(  # type: ignore[call-overload] # its types know no sparse matrix
        program.cost,
        A_ub=vstack((lines[over], -lines[under])).tocsr(),
        b_ub=np.append(program.high[over], -program.low[under]),
        A_eq=lines[np.flatnonzero(equal)],
        b_eq=program.low[equal],
        bounds=np.column_stack((np.zeros(len(program.cost)), np.full(len(program.cost), np.inf))),
        method="highs",
    )
    if answer.x is None:
        return np.zeros(len(program.cost)), np.inf
    return np.asarray(answer.lower.marginals), float(answer.fun)


def _program(
    ground: Ground, at: Longs, window: tuple[Longs, Longs], price: float
) -> tuple[_Program, Longs]:
    """Return the program of the rows of some arcs, and its arcs: those, and where the rows are."""
    reps, chosen = window
    arcs, measures = ground.arcs, ground.amounts.shape[1]
    rows = np.unique(arcs.row[chosen])
    arc = np.sort(np.concatenate((chosen, at[rows])))
    row = np.searchsorted(rows, arcs.row[arc])
    rep = np.searchsorted(reps, arcs.rep[arc])
    load = ground.loads(at)[reps]
    here = np.searchsorted(reps, arcs.rep[at[rows]])
    stays = load - _summed(here, ground.amounts[rows], len(reps))
    most, least = ground.hi[reps], ground.lo[reps]
    scale = np.maximum(np.where(np.isfinite(most), most, load), 1e-9)
    # sums of whole numbers cannot lie a little outside
    whole = (ground.amounts == np.rint(ground.amounts)).all(axis=0)
    inset = np.where(whole, 0.0, _TOLERANCE) * scale
    # where the plan is stays within, though it may touch a limit
    high = np.where(load > most, most, np.maximum(most - inset, load)) - stays
    low = np.where(load < least, least, np.minimum(least + inset, load)) - stays
    low[least <= 0.0] = -np.inf
    line = rep * measures
    entries = [
        (line + m, np.arange(len(arc)), ground.amounts[arcs.row[arc], m] / scale[rep, m])
        for m in range(measures)
    ]
    entries.append((len(reps) * measures + row, np.arange(len(arc)), np.ones(len(arc))))
    over, under = (np.flatnonzero(one.ravel()) for one in (load > most, load < least))
    broken = np.concatenate((over, under))
    give = np.append(-np.ones(len(over)), np.ones(len(under)))
    entries.append((broken, len(arc) + np.arange(len(broken)), give))
    off = np.abs(load - np.where(load > most, most, least)).ravel()[broken] / scale.ravel()[broken]
    where, what, value = (np.concatenate(one) for one in zip(*entries, strict=True))
    shape = (len(reps) * measures + len(rows), len(arc) + len(broken))
    once = np.ones(len(rows))
    return _Program(
        cost=np.append(ground.cost(arc), np.full(len(broken), price)),
        most=np.append(np.ones(len(arc)), off),
        lines=coo_array((value, (where.astype(np.int32), what.astype(np.int32))), shape).tocsr(),
        low=np.append((low / scale).ravel(), once),
        high=np.append((high / scale).ravel(), once),
        now=float(ground.cost(at[rows]).sum() + price * off.sum()),
    ), arc


def _arcs_of(arcs: Arcs, rows: Longs) -> Longs:
    """Return the arcs of some rows, one row after the other."""
    start = arcs.start[rows]
    count = arcs.start[rows + 1] - start
    before = np.cumsum(count) - count
    found: Longs = np.arange(int(count.sum())) + np.repeat(start - before, count)
    return found


def _summed(rep: Ints | Longs, amounts: Floats, k: int) -> Floats:
    """Return the amounts of each rep, shape (k, measures)."""
    return np.column_stack(
        [np.bincount(rep, weights=amounts[:, m], minlength=k) for m in range(amounts.shape[1])]
    )
