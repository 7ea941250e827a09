"""Whether loads of groups fit the limits of the reps who may have them, and what is missing.

Accounts may be split here: what has no room even so has none. Groups that the same reps may have
count as one, and so do reps who may have the same groups, which leaves a small linear program.

Source: transport feasibility, Gale (1957); the sets that lack room are those of Hall's theorem.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, eye_array, hstack, vstack

from sfterritory.model.columns import Flags, Floats
from sfterritory.model.sphere import totals
from sfterritory.optimize.engine.kernel import Longs

_SENT = 1e-9  # of the total: less than this flows nowhere


@dataclass(frozen=True, slots=True)
class Shortage:
    """Groups and reps that cannot be reconciled.

    Attributes:
        groups: The groups, ascending.
        reps: The reps who may have them (over), or who may have no others (under), ascending.
        amount: Load beyond the upper limits, or missing to the lower ones.
        over: Whether it is room that is missing, not load.
    """

    groups: Longs
    reps: Longs
    amount: float
    over: bool


@dataclass(frozen=True, slots=True)
class Room:
    """The least widening that gives all loads room.

    Attributes:
        lo_less: By how much lower limits fall, shape (k,).
        hi_more: By how much upper limits rise, shape (k,).
        shortages: What the widening is for; empty where nothing has to change.
    """

    lo_less: Floats
    hi_more: Floats
    shortages: tuple[Shortage, ...]


def room(load: Floats, allowed: Flags, *, lo: Floats, hi: Floats, share: Floats) -> Room:
    """Return how limits have to widen, the least in all, spread over equal reps by `share`.

    `load` has the shape (groups,), `allowed` (groups, k), the others (k,).
    """
    k = len(lo)
    present = np.flatnonzero(load > 0)
    total = float(load.sum())
    if len(present) == 0 or total <= 0:
        short = Shortage(present, np.flatnonzero(lo > 0), float(lo.sum()), over=False)
        return Room(lo.copy(), np.zeros(k), (short,) if lo.sum() > 0 else ())
    _, kind_of_group = np.unique(allowed[present], axis=0, return_inverse=True)
    kind_of_group = kind_of_group.ravel().astype(np.int64)
    _, first = np.unique(kind_of_group, return_index=True)
    patterns = allowed[present[first]]
    _, seen, kind_of_rep = np.unique(patterns, axis=1, return_index=True, return_inverse=True)
    kind_of_rep = kind_of_rep.ravel().astype(np.int64)
    may = patterns[:, seen]
    loads = totals(kind_of_group, load[present] / total, n_groups=len(patterns))
    kinds = may.shape[1]
    lows = totals(kind_of_rep, lo / total, n_groups=kinds)  # all of it: what is missing is told
    highs = totals(kind_of_rep, np.minimum(hi, total) / total, n_groups=kinds)
    sent, more, less = _widened(loads, may, lows, highs)
    widened = (more, less)
    shortages = tuple(
        Shortage(
            present[np.isin(kind_of_group, groups)],
            np.flatnonzero(np.isin(kind_of_rep, reps)),
            amount * total,
            over,
        )
        for groups, reps, amount, over in _shortages(loads, may, (lows, highs), sent, widened)
    )
    return Room(
        _spread(less * total, kind_of_rep, lo),
        _spread(more * total, kind_of_rep, share),
        shortages,
    )


def _widened(
    loads: Floats, may: Flags, lows: Floats, highs: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return what flows from group to rep, how much highs rise and lows fall, the least in all."""
    groups, reps = may.shape
    group, rep = np.nonzero(may)
    arcs = np.arange(len(group))
    if groups == 1 and may.all():  # the common case needs no solver
        more = _rise(highs, 1.0)
        less = lows * max(0.0, 1.0 - 1.0 / max(float(lows.sum()), 1e-300))
        return np.minimum(highs + more, 1.0)[None, :], more, less
    out = coo_array((np.ones(len(arcs)), (group, arcs)), shape=(groups, len(arcs)))
    held = coo_array((np.ones(len(arcs)), (rep, arcs)), shape=(reps, len(arcs)))
    wide, none = eye_array(reps), coo_array((reps, reps))
    answer = linprog(  # type: ignore[call-overload] # its types know no sparse matrix
        np.append(np.zeros(len(arcs)), np.ones(2 * reps)),
        A_ub=vstack((hstack((held, -wide, none)), hstack((-held, none, -wide)))).tocsr(),
        b_ub=np.append(highs, -lows),
        A_eq=hstack((out, coo_array((groups, 2 * reps)))).tocsr(),
        b_eq=loads,
        method="highs",
    )
    if answer.x is None:
        raise RuntimeError(f"the linear program of limits has no answer: {answer.message}")
    sent = np.zeros(may.shape)
    sent[group, rep] = answer.x[: len(arcs)]
    widened = np.where(answer.x[len(arcs) :] > _SENT, answer.x[len(arcs) :], 0.0)
    return sent, widened[:reps], widened[reps:]


def _rise(highs: Floats, total: float) -> Floats:
    missing = max(0.0, total - float(highs.sum()))
    base = highs if highs.sum() > 0 else np.ones(len(highs))
    risen: Floats = base * (missing / float(base.sum()))
    return risen


def _shortages(
    loads: Floats,
    may: Flags,
    limits: tuple[Floats, Floats],
    sent: Floats,
    widened: tuple[Floats, Floats],
) -> list[tuple[Longs, Longs, float, bool]]:
    """Return the sets that prove each widening, none twice."""
    (lows, highs), (more, less) = limits, widened
    flows = sent > _SENT
    found = []
    for over, wide, gives, takes in ((True, more, flows, may), (False, less, may, flows)):
        done = np.zeros(may.shape[1], dtype=np.bool_)
        for rep in np.flatnonzero(wide > _SENT).tolist():
            if done[rep]:
                continue
            groups, reps = _closure(rep, gives, takes)
            done |= reps
            limit = float((highs if over else lows)[reps].sum())
            load = float(loads[groups].sum())
            amount = load - limit if over else limit - load
            if amount > _SENT:
                found.append((np.flatnonzero(groups), np.flatnonzero(reps), amount, over))
    return found


def _closure(rep: int, gives: Flags, takes: Flags) -> tuple[Flags, Flags]:
    """Return groups and reps reached from a rep: to groups by `gives`, on to reps by `takes`."""
    reps = np.zeros(gives.shape[1], dtype=np.bool_)
    reps[rep] = True
    while True:
        groups: Flags = np.any(gives[:, reps], axis=1)
        more: Flags = reps | np.any(takes[groups], axis=0)
        if np.array_equal(more, reps):
            return groups, reps
        reps = more


def _spread(amount: Floats, kind: Longs, share: Floats) -> Floats:
    """Return the amount of each kind of rep, divided between its reps by their shares."""
    reps = np.bincount(kind)
    total = np.bincount(kind, weights=share)
    even = total[kind] <= 0
    part = np.where(even, 1.0 / reps[kind], share / np.where(even, 1.0, total[kind]))
    spread: Floats = amount[kind] * part
    return spread
