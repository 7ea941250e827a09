"""What a build finds beside the territories: people needed, equal counts, levels, grades."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sfterritory.model.columns import Floats, Ints, TextColumn
from sfterritory.optimize.sphere import totals
from sfterritory.optimize.staffing import reps_needed, reps_needed_by_region, roster_reach
from sfterritory.optimize.travel_load import MEASURED
from sfterritory.optimize.workload import calls_of
from sfterritory.optimize.workload_check import count_balance_penalty, coverage_cause, unequal_hours
from sfterritory.pipeline.construction.book import Book
from sfterritory.pipeline.construction.layer import Layer
from sfterritory.pipeline.construction.report import LevelFigures, Staffing, TierFigures
from sfterritory.settings.project import Settings

_NOBODY = "(none)"
_WARNED = 5
_ESTIMATE_SLACK = MEASURED.hours_share


def staffing(settings: Settings, layer: Layer, *, search: bool) -> Staffing:
    """Return what the roster has, and, with a search, what the accounts need."""
    book, params = layer.asked.book, settings.territories.workload
    calls = calls_of(book.accounts, params=params)
    rep_hours = layer.asked.capacity.rep_hours
    mean_hours = float(rep_hours.mean())
    needed, penalty = None, None
    if search and mean_hours > 0:
        needed = reps_needed(calls, rep_hours=mean_hours, params=params).reps
        penalty = count_balance_penalty(calls, parts=len(book.roster), params=params)
    reach = roster_reach(layer.asked.work.hours, rep_hours=rep_hours)
    return Staffing(
        reps=len(book.roster),
        reps_needed=needed,
        servable_accounts=reach.accounts,
        missing_hours_per_year=round(reach.missing_hours, 2),
        max_over_mean_by_count=None if penalty is None else round(penalty.by_count, 4),
        max_over_mean_by_hours=None if penalty is None else round(penalty.by_hours, 4),
    )


def warnings(settings: Settings, layer: Layer) -> tuple[str, ...]:
    """Return what equal counts hide, and who has more to do than construction reckoned with."""
    params = settings.territories.workload
    found = unequal_hours(
        calls_of(layer.asked.book.accounts, params=params),
        layer.plan.territory,
        travel=layer.drive,
        params=params,
        label=layer.asked.book.tier(settings),
    )
    names = tuple(f"{one.name} ({one.key})" for one in layer.territories)
    told = [one.message(names) for one in found[:_WARNED]]
    if len(found) > _WARNED:
        told.append(
            f"pairs that differ as much at equal counts, beside these: {len(found) - _WARNED:,}"
        )
    rep_hours = layer.asked.capacity.rep_hours
    over = np.flatnonzero(layer.drive.hours > rep_hours * (1.0 + _ESTIMATE_SLACK))
    told += [
        f"{names[row]}: driven as it is now it takes {layer.drive.hours[row]:,.0f} hours a year, "
        f"and its rep has {rep_hours[row]:,.0f}"
        for row in over[:_WARNED].tolist()
    ]
    if len(over) > _WARNED:
        told.append(
            "territories that take more hours than their rep has, beside these: "
            f"{len(over) - _WARNED:,}"
        )
    return tuple(told)


def tier_figures(settings: Settings, layer: Layer) -> tuple[TierFigures, ...]:
    """Return how each grade is covered, and what poor coverage of it would come from."""
    tier = layer.asked.book.tier(settings)
    if tier is None:
        return ()
    k, t = len(layer.territories), len(tier.vocabulary)
    held = np.flatnonzero((tier.codes >= 0) & (layer.plan.territory >= 0))
    place = layer.plan.territory[held].astype(np.int64) * t + tier.codes[held]
    calls = calls_of(layer.asked.book.accounts, params=settings.territories.workload)
    hours = (calls.service_hours + layer.drive.account_travel_hours)[held]
    counts = np.bincount(place, minlength=k * t).reshape(k, t).astype(np.int32)
    loads = totals(place, hours, n_groups=k * t).reshape(k, t)
    found = []
    for code, name in enumerate(tier.vocabulary):
        if not counts[:, code].any():
            continue
        diagnosis = coverage_cause(counts, loads, tier=code)
        least, most = diagnosis.hours_each
        found.append(
            TierFigures(
                tier=name,
                accounts=int(counts[:, code].sum()),
                hours_each=(round(least, 2), round(most, 2)),
                mix_distance=round(diagnosis.mix_distance, 4),
                cause=diagnosis.cause.value,
            )
        )
    return tuple(found)


def rolled_up(
    settings: Settings, layer: Layer, *, search: bool
) -> dict[str, tuple[LevelFigures, ...]]:
    """Return every measure summed over the reps under each value of each level.

    A level lies within those before it: the district `North` of two regions is two lines, written
    `West / North`. With a search, the reps that each needs are worked out.
    """
    book, params = layer.asked.book, settings.territories.workload
    calls = calls_of(book.accounts, params=params)
    names: list[tuple[str, ...]] = [() for _ in range(len(book.roster))]
    found: dict[str, tuple[LevelFigures, ...]] = {}
    for level in settings.territories.roster.levels:
        values = _texts(book, level)
        names = [(*path, value) for path, value in zip(names, values, strict=True)]
        distinct = sorted(set(names))
        number = {name: at for at, name in enumerate(distinct)}
        under: Ints = np.array([number[name] for name in names], dtype=np.int32)
        needed: list[int | None] = [None] * len(distinct)
        mean_hours = float(layer.asked.capacity.rep_hours.mean())
        if search and mean_hours > 0:
            region = under[layer.plan.territory]
            needs = reps_needed_by_region(
                calls, region, n_regions=len(distinct), rep_hours=mean_hours, params=params
            )
            needed = [one.reps for one in needs]
        found[level] = _level([" / ".join(name) for name in distinct], under, needed, layer)
    return found


def _level(
    names: Sequence[str], under: Ints, needed: Sequence[int | None], layer: Layer
) -> tuple[LevelFigures, ...]:
    plan = layer.plan

    def summed(values: Floats) -> list[float]:
        totals: list[float] = np.bincount(under, weights=values, minlength=len(names)).tolist()
        return totals

    held = np.bincount(plan.territory, minlength=len(under)).astype(np.float64)
    loads = {band.name: summed(band.load) for band in plan.bands}
    reps, accounts = summed(np.ones(len(under))), summed(held)
    capacity = summed(layer.asked.capacity.rep_hours)
    return tuple(
        LevelFigures(
            value=name,
            reps=int(reps[at]),
            reps_needed=needed[at],
            accounts=int(accounts[at]),
            loads={measure: round(total[at], 2) for measure, total in loads.items()},
            capacity_hours_per_year=round(capacity[at], 2),
        )
        for at, name in enumerate(names)
    )


def _texts(book: Book, level: str) -> list[str]:
    column = book.roster.attributes[level]
    if isinstance(column, TextColumn):
        return [value or _NOBODY for value in column.values()]
    return [str(value) for value in column.values.tolist()]
