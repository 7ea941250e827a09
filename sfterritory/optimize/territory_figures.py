"""Figures of each territory from its accounts: loads, distances to the centre, fragments.

Columns in, columns out: every figure is an array of shape (k,), NaN where there is none. The same
function serves territories and today's books, so that both compare like for like.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sfterritory.model.columns import Flags, Floats, Ints, TextColumn
from sfterritory.model.sphere import km_between, totals, unit_vectors
from sfterritory.optimize.engine.contiguity import fragments, land

_P95 = 0.95


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What figures are made of, each of shape (n,).

    Attributes:
        lon_deg: Never NaN.
        lat_deg: Never NaN.
        hours: Workload a year.
        amounts: Further amounts, at least 0, by name: `travel_hours_per_year`, `value_usd`.
        label: What kind of account each is, where counts by kind are wanted.
    """

    lon_deg: Floats
    lat_deg: Floats
    hours: Floats
    amounts: Mapping[str, Floats] = field(default_factory=dict)
    label: TextColumn | None = None


def territory_figures(
    facts: AccountFacts,
    territory: Ints,
    *,
    centres: tuple[Floats, Floats],
    leg_minutes: Floats | None = None,
    gap_km: float | None = None,
) -> dict[str, Floats]:
    """Return the figures of every territory by name, each of shape (k,).

    Always: `accounts`, `hours_per_year`, `mean_km` and `p95_km` (great-circle km to the centre,
    weighted by hours; by accounts where a territory has no hours), `longest_km`, `extra_pieces`
    and `off_main_share` (part of the hours in them, 0 to 1). With `leg_minutes`:
    `longest_minutes`. With a label: `accounts: LABEL`. Each of the amounts: its sum, by its name.

    A piece is made of accounts that are neighbours; all but the one with the most hours are extra.
    Along the rim of the whole book, neighbours may be far apart: there `gap_km` tells land from
    water. With it, one piece on each island is no extra one.

    Args:
        facts: The accounts.
        territory: Of each account, 0 to k - 1, -1 for none; shape (n,).
        centres: Longitude and latitude of where each territory's distances start, each (k,), NaN
            for unknown.
        leg_minutes: Drive from the own centre to each account, NaN for unknown, shape (n,).
        gap_km: Neighbours further apart than this are on different islands; None for no such gap.

    Source: neighbours are those of the Delaunay triangulation of the sphere, Brown (1979).
    """
    count = len(centres[0])
    kept = territory >= 0
    owner, weight = territory[kept], facts.hours[kept]
    vectors = unit_vectors(facts.lon_deg[kept], facts.lat_deg[kept])
    km = km_between(vectors, unit_vectors(*centres)[owner])
    figures = {
        "accounts": np.bincount(owner, minlength=count).astype(np.float64),
        "hours_per_year": totals(owner, weight, n_groups=count),
    }
    for name, amount in facts.amounts.items():
        figures[name] = totals(owner, amount[kept], n_groups=count)
    if facts.label is not None:
        figures |= _counts(owner, facts.label, kept, count)
    shared = np.where(figures["hours_per_year"][owner] > 0, weight, 1.0)
    figures["mean_km"] = _mean(owner, km, shared, count=count)
    figures["p95_km"] = _quantile(owner, km, shared, count=count, share=_P95)
    figures["longest_km"] = _longest(owner, km, count)
    if leg_minutes is not None:
        figures["longest_minutes"] = _longest(owner, leg_minutes[kept], count)
    figures["extra_pieces"], figures["off_main_share"] = _pieces(
        vectors, owner, shared, count=count, gap_km=np.inf if gap_km is None else gap_km
    )
    return figures


def _counts(owner: Ints, label: TextColumn, kept: Flags, count: int) -> dict[str, Floats]:
    codes = label.codes[kept]
    return {
        f"accounts: {word}": np.bincount(owner[codes == code], minlength=count).astype(np.float64)
        for code, word in enumerate(label.vocabulary)
    }


def _mean(owner: Ints, km: Floats, weight: Floats, *, count: int) -> Floats:
    whole = totals(owner, weight, n_groups=count)
    part = totals(owner, weight * km, n_groups=count)
    mean: Floats = np.divide(part, whole, out=np.full(count, np.nan), where=whole > 0)
    return mean


def _quantile(owner: Ints, km: Floats, weight: Floats, *, count: int, share: float) -> Floats:
    """Return the least distance within which `share` of each territory's weight lies."""
    order = np.lexsort((km, owner))
    running = np.cumsum(weight[order])
    ends = np.searchsorted(owner[order], np.arange(1, count + 1))
    starts = np.append(0, ends[:-1])
    before = np.append(0.0, running)
    wanted = before[starts] + share * (before[ends] - before[starts])
    spot = np.clip(np.searchsorted(running, wanted * (1 - 1e-12)), starts, np.maximum(ends - 1, 0))
    held = ends > starts
    found = np.full(count, np.nan)
    found[held] = km[order][spot[held]]
    return found


def _longest(owner: Ints, far: Floats, count: int) -> Floats:
    longest = np.full(count, -np.inf)
    known = ~np.isnan(far)
    np.maximum.at(longest, owner[known], far[known])
    return np.where(np.isneginf(longest), np.nan, longest)


def _pieces(
    vectors: Floats, owner: Ints, weight: Floats, *, count: int, gap_km: float
) -> tuple[Floats, Floats]:
    if not len(owner):
        return np.full(count, np.nan), np.full(count, np.nan)
    number = fragments(land(vectors, gap_km=gap_km), owner, hours=weight)
    loose = number > 0
    _, first = np.unique(number[loose], return_index=True)
    extra = np.bincount(owner[loose][first], minlength=count).astype(np.float64)
    whole = totals(owner, weight, n_groups=count)
    off = totals(owner[loose], weight[loose], n_groups=count)
    held = whole > 0
    share = np.divide(off, whole, out=np.full(count, np.nan), where=held)
    return np.where(held, extra, np.nan), share
