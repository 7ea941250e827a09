"""Where free centres lie: a start, medians of territories, and new places for starved ones."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.model.sphere import Vectors, group_medians, km_between, totals
from sfterritory.optimize.engine.kernel import arc_km, compiled
from sfterritory.optimize.engine.rows import Rows, space_order
from sfterritory.optimize.engine.terms import Terms

_NEAR_ZERO_CHORD = 1e-7  # 0.6 m: below it a row would take the whole weight of its median
_STARVED_SHARE = 0.3


def start_centres(rows: Rows, homes: Vectors, terms: Terms) -> Vectors:
    """Return homes, and for free reps the middles of compact parts of equal hours.

    Parts go to the reps that suit them best: by nearness to a home, or by the hours in them that
    the rep has today, so that a rebuild does not rename everybody, and that it may have.
    """
    k = len(homes)
    order, start = space_order(rows.vectors, rows.hours, parts=k)
    part = np.empty(len(order), dtype=np.int32)
    part[order] = np.repeat(np.arange(len(start) - 1, dtype=np.int32), np.diff(start))
    middles = group_medians(rows.vectors, rows.hours, groups=part, n_groups=k)
    heaviest = rows.vectors[np.argsort(-rows.hours, kind="stable")]
    empty = np.flatnonzero(np.isnan(middles[:, 0]))
    middles[empty] = heaviest[np.arange(len(empty)) % len(heaviest)]
    fixed = ~np.isnan(homes[:, 0])
    hours = totals(part, rows.hours, n_groups=k)
    owned = rows.rep >= 0
    pair = rows.rep[owned].astype(np.int64) * k + part[owned]
    overlap = totals(pair, rows.hours[owned], n_groups=k * k).reshape(k, k)
    cost = -overlap + _forbidden_hours(rows, part, terms)
    cost[fixed] = km_between(homes[fixed][:, None, :], middles[None, :, :]) * hours
    if fixed.any() and not fixed.all():  # a home takes its part first: kilometres outweigh names
        cost[fixed] *= 1e3
    _, part_of_rep = linear_sum_assignment(cost)
    return np.where(fixed[:, None], homes, middles[part_of_rep])


def _forbidden_hours(rows: Rows, part: Ints, terms: Terms) -> Floats:
    """Return the hours in each part that each rep may never have, shape (reps, parts)."""
    groups, k = terms.extra_km.shape
    pair = rows.group.astype(np.int64) * k + part
    by_group = totals(pair, rows.hours, n_groups=groups * k).reshape(groups, k)
    forbidden = np.zeros((k, k))
    for group in np.flatnonzero(np.isinf(terms.extra_km).any(axis=1)).tolist():
        forbidden[np.isinf(terms.extra_km[group])] += by_group[group]
    return forbidden


@compiled
def medians(
    vectors: Vectors, hours: Floats, rep: Ints, centres: Vectors, free: Flags, steps: int
) -> Vectors:
    """Return the weighted geometric medians of free reps, some Weiszfeld steps from the centres.

    Fixed reps and reps without hours keep their centre.
    """
    k = len(centres)
    now = centres.copy()
    for _ in range(steps):
        sums = np.zeros((k, 3))
        for row in range(len(hours)):
            one = rep[row]
            x, y, z = vectors[row, 0], vectors[row, 1], vectors[row, 2]
            dx, dy, dz = x - now[one, 0], y - now[one, 1], z - now[one, 2]
            pull = hours[row] / max(_NEAR_ZERO_CHORD, np.sqrt(dx * dx + dy * dy + dz * dz))
            sums[one, 0] += pull * x
            sums[one, 1] += pull * y
            sums[one, 2] += pull * z
        for one in range(k):
            x, y, z = sums[one, 0], sums[one, 1], sums[one, 2]
            length = np.sqrt(x * x + y * y + z * z)
            if free[one] and length > 0.0:
                now[one, 0], now[one, 1], now[one, 2] = x / length, y / length, z / length
    return now


def reseeded(  # noqa: PLR0913 - a plan, its prices, and whose centres may move
    rows: Rows,
    rep: Ints,
    centres: Vectors,
    *,
    psi: Floats,
    target: Floats,
    free: Flags,
    terms: Terms,
) -> tuple[Vectors, Floats]:
    """Return centres and prices with starved free reps moved into the costliest territories."""
    k = len(centres)
    load = totals(rep, rows.hours, n_groups=k)
    starved = np.flatnonzero(free & (load < _STARVED_SHARE * target))
    if len(starved) == 0:
        return centres, psi
    cost = rows.hours * _km_to_own(rows.vectors, rep, centres)
    of_rep = totals(rep, cost, n_groups=k)
    of_rep[starved] = -1.0
    costly = np.argsort(-of_rep, kind="stable")[: len(starved)].tolist()
    centres, psi = centres.copy(), psi.copy()
    for one in starved.tolist():
        may = np.isfinite(terms.extra_km[rows.group, one])
        for from_rep in costly:
            theirs = np.flatnonzero((rep == from_rep) & may)
            if len(theirs):
                centres[one] = rows.vectors[theirs[np.argmax(cost[theirs])]]
                psi[one] = psi[from_rep]
                costly.remove(from_rep)
                break
    return centres, psi


@compiled
def _km_to_own(vectors: Vectors, rep: Ints, centres: Vectors) -> Floats:
    km = np.empty(len(rep))
    for row in range(len(rep)):
        one = rep[row]
        km[row] = arc_km(
            vectors[row, 0], vectors[row, 1], vectors[row, 2],
            centres[one, 0], centres[one, 1], centres[one, 2],
        )  # fmt: skip
    return km
