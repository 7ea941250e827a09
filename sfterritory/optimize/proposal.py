"""Adjustments that would make call frequencies fit the territories; proposed, never made.

Two things ask for one. A territory that needs more hours than its rep has: what costs the least
value an hour goes first, then every adjustment that turns out not to be needed is taken back. And
an account that is mostly travel and brings little for its hours, wherever it lies.

Hours of an account are taken to be in proportion to its calls, as the workload's are. Its value is
too: that is the worst case, so a cut is never called cheaper than it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Flags, Floats, Ids, Ints
from sfterritory.optimize.cadence import ProposalParams, steps_below

NOBODY = -1
_ENOUGH_HOURS = 0.005  # figures are shown to the hundredth of an hour


class AdjustmentKind(StrEnum):
    """What an adjustment changes."""

    CADENCE = "cadence"
    GIVE = "give"


class AdjustmentCause(StrEnum):
    """What an adjustment is proposed for."""

    OVER_CAPACITY = "over_capacity"
    TRAVEL = "travel"


@dataclass(frozen=True, slots=True)
class CallBook:
    """Accounts as adjustments see them, in ascending order of id; every array of shape (n,).

    Attributes:
        territory: Row of the account's territory, -1 where it is in none.
        service_hours: A year, with the rep at the account.
        travel_hours: A year, the account's share of travel.
        calls_per_year: That these hours stand for.
        value_usd: Worth of the account, 0 where unknown.
        settled: Somebody adjusted the account since these hours were reckoned: nothing is proposed.
        movable: The account may change its territory.
        neighbour: Row of the second-best territory, -1 where there is none.
        neighbour_hours: A year that the account would cost there.
    """

    ids: Ids
    territory: Ints
    service_hours: Floats
    travel_hours: Floats
    calls_per_year: Floats
    value_usd: Floats
    settled: Flags
    movable: Flags
    neighbour: Ints
    neighbour_hours: Floats

    @property
    def hours(self) -> Floats:
        """Return service and travel together."""
        together: Floats = self.service_hours + self.travel_hours
        return together


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One proposed change.

    Attributes:
        row: Of the account in the book.
        territory: That the account is in.
        calls_after: A year; the same as before where the account is given away.
        to_territory: That would get the account, -1 where only its calls change.
        hours_saved: A year, in the territory that the account is in.
        value_at_risk_usd: A year: of the calls left out, or of the change of owner.
    """

    row: int
    kind: AdjustmentKind
    cause: AdjustmentCause
    territory: int
    calls_before: float
    calls_after: float
    to_territory: int
    hours_saved: float
    value_at_risk_usd: float

    @property
    def price(self) -> float:
        """Return the value at risk for an hour saved."""
        return self.value_at_risk_usd / self.hours_saved


@dataclass(frozen=True, slots=True)
class TerritoryFit:
    """How a territory's hours fit its rep, and what the adjustments do about it.

    Attributes:
        hours_missing: What is over capacity even with every adjustment, 0 where none is.
    """

    territory: int
    hours: float
    capacity_hours: float
    hours_saved: float
    hours_missing: float

    @property
    def fits(self) -> bool:
        """Tell whether the rep has the hours that the territory needs."""
        return self.hours - self.capacity_hours <= _ENOUGH_HOURS


@dataclass(frozen=True, slots=True)
class Adjustments:
    """What is proposed, by territory and then the cheapest first; and every territory's hours."""

    items: tuple[Adjustment, ...]
    territories: tuple[TerritoryFit, ...]


def propose(
    book: CallBook, capacity_hours: Floats, *, params: ProposalParams, loss_share: float
) -> Adjustments:
    """Return the adjustments that fit every territory into its hours, as far as they can.

    None of a territory over its capacity can be left out, and no cut can be milder, without the
    territory being over again.

    Args:
        book: The accounts.
        capacity_hours: That each territory's rep has a year, shape (k,).
        params: What may be proposed.
        loss_share: Of an account's yearly value: what a change of owner is taken to lose, 0 to 1.
    """
    k = len(capacity_hours)
    inside = book.territory >= 0
    load = np.bincount(book.territory[inside], weights=book.hours[inside], minlength=k)
    desk = _Desk(book, params, loss_share, room=np.maximum(capacity_hours - load, 0.0))
    found: list[list[Adjustment]] = []
    for territory in range(k):
        excess = float(load[territory] - capacity_hours[territory])
        found.append(desk.fitting(territory, excess) if excess > _ENOUGH_HOURS else [])
    taken = {one.row for items in found for one in items}
    for one in desk.too_dear(taken):
        found[one.territory].append(one)
    saved = [sum(one.hours_saved for one in items) for items in found]
    return Adjustments(
        items=tuple(
            one for items in found for one in sorted(items, key=lambda item: (item.price, item.row))
        ),
        territories=tuple(
            TerritoryFit(
                territory=row,
                hours=float(load[row]),
                capacity_hours=float(capacity_hours[row]),
                hours_saved=saved[row],
                hours_missing=_missing(float(load[row] - capacity_hours[row]) - saved[row]),
            )
            for row in range(k)
        ),
    )


@dataclass(slots=True)
class _Desk:
    """The search; `room` shrinks as accounts are given to territories that have some.

    Attributes:
        room: Hours that each territory has left.
        order: Rows of the book by territory, then ascending.
    """

    book: CallBook
    params: ProposalParams
    loss_share: float
    room: Floats
    hours: Floats = field(init=False)
    order: NDArray[np.intp] = field(init=False)

    def __post_init__(self) -> None:
        self.hours = self.book.hours
        self.order = np.argsort(self.book.territory, kind="stable")

    def fitting(self, territory: int, excess: float) -> list[Adjustment]:
        """Return what brings a territory within its hours; everything where nothing does."""
        chosen: dict[int, Adjustment] = {}
        saved = 0.0
        for one in sorted(self._options(territory), key=_cheapest_first):
            if saved >= excess - _ENOUGH_HOURS:
                break
            if one.row in chosen or not self._has_room(one):
                continue
            chosen[one.row] = one
            saved += one.hours_saved
            self._take_room(one, sign=-1)
        if saved < excess - _ENOUGH_HOURS:
            return list(chosen.values())
        kept = []
        for one in sorted(chosen.values(), key=_cheapest_first, reverse=True):
            if saved - one.hours_saved >= excess - _ENOUGH_HOURS:
                saved -= one.hours_saved
                self._take_room(one, sign=1)
            else:
                kept.append(one)
        return self._milder(kept, saved - excess)

    def too_dear(self, taken: set[int]) -> Iterator[Adjustment]:
        """Yield a cut for each account whose travel its value does not justify."""
        book, hours = self.book, self.hours
        aligned = (book.territory >= 0) & (hours > 0)
        mean = float(book.value_usd[aligned].sum() / max(float(hours[aligned].sum()), 1e-9))
        asked = self.params.worth_share * mean
        # Nothing can be said of an account whose value nobody knows.
        poor = aligned & (book.value_usd > 0) & (book.value_usd < asked * hours)
        dear = poor & (book.travel_hours > book.service_hours) & ~book.settled
        for row in np.flatnonzero(dear).tolist():
            if row in taken:
                continue
            steps = steps_below(float(book.calls_per_year[row]), params=self.params)
            worth = book.value_usd[row] / asked * book.calls_per_year[row] / hours[row]
            fair = next((step for step in steps if step <= worth), steps[-1] if steps else None)
            if fair is not None:
                yield self._cut(row, fair, AdjustmentCause.TRAVEL)

    def _options(self, territory: int) -> Iterator[Adjustment]:
        """Yield the largest cut of each account of a territory, and where it could go."""
        book = self.book
        begin, end = np.searchsorted(book.territory, [territory, territory + 1], sorter=self.order)
        within = self.order[begin:end]
        worth = (self.hours[within] > _ENOUGH_HOURS) & ~book.settled[within]
        for row in within[worth].tolist():
            steps = steps_below(float(book.calls_per_year[row]), params=self.params)
            if steps:
                yield self._cut(row, steps[-1], AdjustmentCause.OVER_CAPACITY)
            if book.movable[row] and book.neighbour[row] not in (NOBODY, territory):
                yield self._gift(row)

    def _cut(self, row: int, calls: float, cause: AdjustmentCause) -> Adjustment:
        before = float(self.book.calls_per_year[row])
        share = 1.0 - calls / before
        return Adjustment(
            row=row,
            kind=AdjustmentKind.CADENCE,
            cause=cause,
            territory=int(self.book.territory[row]),
            calls_before=before,
            calls_after=calls,
            to_territory=NOBODY,
            hours_saved=share * float(self.hours[row]),
            value_at_risk_usd=share * float(self.book.value_usd[row]),
        )

    def _gift(self, row: int) -> Adjustment:
        calls = float(self.book.calls_per_year[row])
        return Adjustment(
            row=row,
            kind=AdjustmentKind.GIVE,
            cause=AdjustmentCause.OVER_CAPACITY,
            territory=int(self.book.territory[row]),
            calls_before=calls,
            calls_after=calls,
            to_territory=int(self.book.neighbour[row]),
            hours_saved=float(self.hours[row]),
            value_at_risk_usd=self.loss_share * float(self.book.value_usd[row]),
        )

    def _has_room(self, one: Adjustment) -> bool:
        if one.kind is not AdjustmentKind.GIVE:
            return True
        return bool(self.book.neighbour_hours[one.row] <= self.room[one.to_territory])

    def _take_room(self, one: Adjustment, *, sign: int) -> None:
        if one.kind is AdjustmentKind.GIVE:
            self.room[one.to_territory] += sign * self.book.neighbour_hours[one.row]

    def _milder(self, kept: list[Adjustment], spare: float) -> list[Adjustment]:
        """Return the same adjustments with as many calls left as the hours to spare allow.

        The dearest come first in `kept`, and are the first to get calls back.
        """
        answer = []
        for one in kept:
            milder = one
            if one.kind is AdjustmentKind.CADENCE:
                for step in steps_below(one.calls_before, params=self.params):
                    cut = self._cut(one.row, step, one.cause)
                    if one.hours_saved - cut.hours_saved <= spare + _ENOUGH_HOURS:
                        milder = cut
                        spare -= one.hours_saved - cut.hours_saved
                        break
            answer.append(milder)
        return answer


def _cheapest_first(one: Adjustment) -> tuple[float, float, int, str]:
    return (one.price, -one.hours_saved, one.row, one.kind)


def _missing(hours: float) -> float:
    return hours if hours > _ENOUGH_HOURS else 0.0
