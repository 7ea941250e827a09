"""What cannot be had, in words: which locks, limits, frequencies, and what would have to give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.aggregate import Book
from sfterritory.optimize.alignment import Conflict, ConflictCode, Widening
from sfterritory.optimize.band import Band, written
from sfterritory.optimize.engine import relax
from sfterritory.optimize.engine.relax import Obstacle
from sfterritory.optimize.frequency import HIGH_TIMES, high_frequency
from sfterritory.optimize.note import some
from sfterritory.optimize.question import nobody_may
from sfterritory.optimize.request import Demand, TerritoryRequest

_KEPT = 100
_SLACK_SHARE = 1e-9
_WHOLE_SHARE = 0.01  # of a limit: room that whole accounts want beyond that of divisible ones

_CODES = {
    Obstacle.LOCKED_OVER: ConflictCode.LOCKS_EXCEED_LIMIT,
    Obstacle.TOO_LITTLE_CAPACITY: ConflictCode.TOO_LITTLE_CAPACITY,
    Obstacle.TOO_MUCH_DEMANDED: ConflictCode.TOO_MUCH_DEMANDED,
    Obstacle.GROUPS_OVER: ConflictCode.GROUPS_EXCEED_LIMITS,
    Obstacle.REPS_UNDER: ConflictCode.REPS_CANNOT_BE_FILLED,
    Obstacle.TOO_HEAVY: ConflictCode.ACCOUNTS_EXCEED_LIMIT,
    Obstacle.OUT_OF_REACH: ConflictCode.OUT_OF_REACH,
    Obstacle.LOCK_FORBIDDEN: ConflictCode.LOCK_AGAINST_FIT,
}


def conflicts_of(
    request: TerritoryRequest,
    book: Book,
    found: tuple[relax.Conflict, ...],
    *,
    bands: tuple[Band, ...],
) -> tuple[Conflict, ...]:
    """Return what stands against the request, each with who is responsible.

    Proofs come first; where a limit is broken that no proof forbids to keep, that is said too.
    """
    words = _Words(request, book)
    named = [_named(words, one) for one in found]
    proven = {one.demand for one in named}
    return (*named, *_orphans(request), *_unproven(words, bands, proven))


def relaxation_of(
    request: TerritoryRequest,
    relaxation: Mapping[str, tuple[Floats, Floats]],
    *,
    bands: tuple[Band, ...],
) -> tuple[Widening, ...]:
    """Return the limits that have to give way, the widest first; empty where all are kept.

    What is proven holds for accounts that could be split; limits told leave whole ones 1 % more.

    `relaxation` has, by name of the demand, how far least and greatest loads give way, each (k,).

    Where accounts that could be split would fit and whole ones did not, limits as wide as the plan
    needs are returned.
    """
    widenings: list[Widening] = []
    for demand, band in zip(request.demands, bands, strict=True):
        less, more = relaxation.get(demand.name, (band.under, band.over))
        slack = _SLACK_SHARE * max(float(demand.amount.sum()), 1e-300)
        if not (less > slack).any() and not (more > slack).any():
            less, more = band.under, band.over
        widenings += [
            _widening(request, demand, rep, float(less[rep]), float(more[rep]))
            for rep in np.flatnonzero((less > slack) | (more > slack)).tolist()
        ]
    return tuple(sorted(widenings, key=lambda one: (one.demand, -one.by, one.rep)))


def _widening(
    request: TerritoryRequest, demand: Demand, rep: int, less: float, more: float
) -> Widening:
    least, most = float(demand.lo[rep]), float(demand.hi[rep])
    lo, hi = least, most
    name, unit = request.roster.names[rep], demand.unit
    parts = []
    if more > 0:
        hi = (most + more) * (1.0 + _WHOLE_SHARE)
        parts.append(f"at most {written(hi, unit)} in place of {written(most, unit)}")
    if less > 0:
        lo = max(0.0, least - less) * (1.0 - _WHOLE_SHARE)
        parts.append(f"at least {written(lo, unit)} in place of {written(least, unit)}")
    return Widening(
        demand=demand.name,
        rep=rep,
        lo=lo,
        hi=hi,
        by=less + more,
        message=f"{name}, {demand.name}: {', '.join(parts)}",
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """Names for what the engine numbers."""

    request: TerritoryRequest
    book: Book

    def demand(self, name: str) -> Demand | None:
        return next((one for one in self.request.demands if one.name == name), None)

    def reps(self, numbers: tuple[int, ...]) -> str:
        return some([self.request.roster.names[rep] for rep in numbers])

    def groups(self, numbers: tuple[int, ...]) -> str:
        cause = self.request.fit.cause
        names = [cause[one] for one in numbers if one < len(cause)]
        return some([f"'{name}'" for name in names if name] or ["ordinary accounts"])

    def members(self, units: tuple[int, ...], amount: Floats) -> Ints:
        """Return the accounts of some units, unit by unit, the heaviest of each first."""
        place = np.full(len(self.book), -1, dtype=np.int64)
        place[list(units)] = np.arange(len(units))
        rows = np.flatnonzero(place[self.book.unit] >= 0)
        order = np.lexsort((rows, -amount[rows], place[self.book.unit[rows]]))
        return rows[order].astype(np.int32)


def _named(words: _Words, found: relax.Conflict) -> Conflict:
    demand = words.demand(found.measure)
    amount = words.request.demands[0].amount if demand is None else demand.amount
    rows = words.members(found.rows, amount) if found.rows else np.zeros(0, dtype=np.int32)
    if found.kind is Obstacle.LOCKED_OVER:
        locked = np.flatnonzero(words.request.locks.rep == found.reps[0])
        rows = locked[np.argsort(-amount[locked], kind="stable")].astype(np.int32)
    elif found.kind is Obstacle.GROUPS_OVER:
        held = np.isin(words.request.fit.group, found.groups) & (words.request.locks.rep < 0)
        held_rows = np.flatnonzero(held)
        rows = held_rows[np.argsort(-amount[held_rows], kind="stable")].astype(np.int32)
    return Conflict(
        code=_CODES[found.kind],
        message=_message(words, found, demand, rows),
        demand=found.measure if demand is not None else "",
        amount=found.amount,
        reps=found.reps,
        rows=tuple(rows[:_KEPT].tolist()),
        groups=tuple(one for one in found.groups if one < len(words.request.fit.cause)),
        count=found.count,
    )


def _message(
    words: _Words, found: relax.Conflict, demand: Demand | None, rows: NDArray[np.int32]
) -> str:
    ids = some(words.request.accounts.ids[rows])
    if demand is None:
        return _without_demand(words, found, ids)
    too_much, name = written(found.amount, demand.unit), demand.name
    match found.kind:
        case Obstacle.LOCKED_OVER:
            text = _locks(words, found.reps[0], demand, rows)
        case Obstacle.TOO_HEAVY:
            text = _heavy(words, found, demand, rows)
        case Obstacle.TOO_LITTLE_CAPACITY:
            total = written(float(demand.amount.sum()), demand.unit)
            text = (
                f"the accounts hold {total} of {name} and the limits of all reps leave {too_much} "
                f"without room{_frequent(words.request, demand)}"
            )
        case Obstacle.TOO_MUCH_DEMANDED:
            text = f"the least loads of {name} add up to {too_much} more than there is"
        case Obstacle.GROUPS_OVER:
            text = (
                f"{words.groups(found.groups)} hold {too_much} more of {name} than the reps who "
                f"may have them ({words.reps(found.reps)}) can take: {ids}"
            )
        case _:
            text = (
                f"what {words.reps(found.reps)} may have falls {too_much} short of their least "
                f"loads of {name}"
            )
    return text


def _without_demand(words: _Words, found: relax.Conflict, ids: str) -> str:
    if found.kind is Obstacle.OUT_OF_REACH:
        return (
            f"{found.count:,} accounts lie farther than the longest distance of every rep who may "
            f"have them, the worst by {found.amount:,.0f} km: {ids}"
        )
    return (
        f"{found.count:,} accounts are locked to reps who may never have them "
        f"({words.groups(found.groups)}): {ids}; the lock was kept"
    )


def _locks(words: _Words, rep: int, demand: Demand, rows: NDArray[np.int32]) -> str:
    cause, amount = words.request.locks.cause, demand.amount
    held = float(amount[rows].sum())
    parts = []
    for code in np.unique(cause.codes[rows]).tolist():
        of_cause = rows[cause.codes[rows] == code]
        name = cause.vocabulary[code] if code >= 0 else "locked"
        parts.append(
            f"{name}: {written(float(amount[of_cause].sum()), demand.unit)} in {len(of_cause):,} "
            f"accounts ({some(words.request.accounts.ids[of_cause], most=3)})"
        )
    most = written(float(demand.hi[rep]), demand.unit)
    return (
        f"accounts locked to {words.request.roster.names[rep]} hold {written(held, demand.unit)} "
        f"of {demand.name} and the limit is {most}: {'; '.join(parts)}"
    )


def _heavy(words: _Words, found: relax.Conflict, demand: Demand, rows: NDArray[np.int32]) -> str:
    request, book = words.request, words.book
    worst, unit = int(rows[0]), found.rows[0]
    amount = float(np.bincount(book.unit, weights=demand.amount, minlength=len(book))[unit])
    size = int(book.size[unit])
    calls = request.accounts.calls_per_year[worst]
    often = f" ({calls:,.0f} calls a year)" if calls > 0 and size == 1 else ""
    what = f"account {request.accounts.ids[worst]}"
    who = what if size == 1 else f"the unit of {what} ({size:,} accounts)"
    others = (
        ""
        if found.count == 1
        else f"; {found.count - 1:,} more do too: " + some(request.accounts.ids[rows[size:]])
    )
    return (
        f"{who} alone holds {written(amount, demand.unit)} of {demand.name}{often}, "
        f"{written(found.amount, demand.unit)} more than any rep who may have it can take{others}"
    )


def _frequent(request: TerritoryRequest, demand: Demand) -> str:
    """Return, for the workload, what accounts with many calls have to do with it."""
    usual, high = high_frequency(request.accounts.calls_per_year)
    if demand is not request.demands[0] or not high.any():
        return ""
    rows = np.flatnonzero(high)
    heaviest = rows[np.argsort(-demand.amount[rows], kind="stable")]
    return (
        f"; {len(rows):,} accounts with more than {HIGH_TIMES * usual:g} calls a year hold "
        f"{written(float(demand.amount[rows].sum()), demand.unit)} of it: "
        f"{some(request.accounts.ids[heaviest])}"
    )


def _orphans(request: TerritoryRequest) -> Iterator[Conflict]:
    rows = np.flatnonzero(nobody_may(request))
    if len(rows) == 0:
        return
    groups = np.unique(request.fit.group[rows]).tolist()
    causes = some([request.fit.cause[one] or f"group {one}" for one in groups])
    yield Conflict(
        code=ConflictCode.NOBODY_MAY,
        message=f"no rep may have {len(rows):,} accounts ({causes}): "
        f"{some(request.accounts.ids[rows])}; they went where they cost least",
        demand="",
        amount=float(request.demands[0].amount[rows].sum()),
        rows=tuple(rows[:_KEPT].tolist()),
        groups=tuple(groups[:_KEPT]),
        count=len(rows),
    )


def _unproven(words: _Words, bands: tuple[Band, ...], proven: set[str]) -> Iterator[Conflict]:
    """Yield what is broken of demands that the engine found no proof for."""
    request = words.request
    for band in bands:
        reps = np.flatnonzero(band.outside)
        if band.name in proven or len(reps) == 0:
            continue
        off = band.over + band.under
        worst = reps[np.argsort(-off[reps], kind="stable")]
        yield Conflict(
            code=ConflictCode.WHOLE_ACCOUNTS_DO_NOT_FIT,
            message=f"no arrangement of whole accounts within the limits of {band.name} was found: "
            f"{some([request.roster.names[rep] for rep in worst.tolist()])} "
            f"{'lies' if len(reps) == 1 else 'lie'} outside, the worst "
            f"by {written(float(off[worst[0]]), band.unit)}{_held(words, band)}",
            demand=band.name,
            amount=float(off.sum()),
            reps=tuple(sorted(worst[:_KEPT].tolist())),
            count=len(reps),
        )


def _held(words: _Words, band: Band) -> str:
    """Return how much of a demand is locked, '' where nothing is."""
    held = float(band.amount[words.request.locks.rep >= 0].sum())
    return f"; {written(held, band.unit)} of it is locked" if held > 0 else ""
