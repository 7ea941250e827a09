"""Each owner's book of accounts before and after a plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.plan import OwnerChange, OwnerTotals
from sfterritory.writeback.owner import OrgFacts

ACCOUNT = "Account"


@dataclass(frozen=True, slots=True)
class Books:
    """Who owns each account before and after: codes into `owner_ids`, -1 for nobody."""

    owner_ids: tuple[str, ...]
    before: Ints
    after: Ints
    hours_per_year: Floats
    value_usd: Floats


def owner_totals(books: Books, org: OrgFacts) -> tuple[OwnerTotals, ...]:
    """Add up the books of everybody who owns an account before or after, by name and id."""
    size = len(books.owner_ids)

    def summed(codes: Ints, weights: Floats | None = None) -> list[float]:
        owned = codes >= 0
        picked = np.ones(int(owned.sum())) if weights is None else weights[owned]
        # Cents: the last digits of a sum of floats are noise, and the plan's hash must not hold it.
        return [round(float(one), 2) for one in np.bincount(codes[owned], picked, minlength=size)]

    moved = books.before != books.after
    columns = (
        books.owner_ids,
        summed(books.before),
        summed(books.after),
        summed(books.after[moved]),
        summed(books.before[moved]),
        summed(books.before, books.hours_per_year),
        summed(books.after, books.hours_per_year),
        summed(books.before, books.value_usd),
        summed(books.after, books.value_usd),
    )
    totals = [
        OwnerTotals(
            owner_id=owner_id,
            name=org.name(owner_id),
            territory=org.territory(owner_id),
            accounts_before=int(before),
            accounts_after=int(after),
            gained=int(gained),
            lost=int(lost),
            hours_before=hours_before,
            hours_after=hours_after,
            value_before_usd=value_before,
            value_after_usd=value_after,
        )
        for (
            owner_id, before, after, gained, lost,
            hours_before, hours_after, value_before, value_after,
        ) in zip(*columns, strict=True)
        if before or after
    ]  # fmt: skip
    return tuple(sorted(totals, key=_by_name))


@dataclass(slots=True)
class _Book:
    accounts: int = 0
    hours: float = 0.0
    value_usd: float = 0.0
    gained: int = 0
    lost: int = 0

    def add(self, change: OwnerChange, sign: int) -> None:
        self.accounts += sign
        self.hours += sign * change.hours_per_year
        self.value_usd += sign * change.value_usd
        self.gained += sign > 0
        self.lost += sign < 0


@dataclass(frozen=True, slots=True)
class _Ledger:
    """Books that changes are posted to, by owner id."""

    books: dict[str, _Book] = field(default_factory=dict)

    def post(self, changes: Iterable[OwnerChange]) -> None:
        for change in changes:
            if change.subject.object_name == ACCOUNT:
                self.books.setdefault(change.after, _Book()).add(change, 1)
                if change.before is not None:
                    self.books.setdefault(change.before, _Book()).add(change, -1)


def carried_totals(
    totals: Sequence[OwnerTotals],
    *,
    applied: Iterable[OwnerChange],
    planned: Iterable[OwnerChange],
    org: OrgFacts,
) -> tuple[OwnerTotals, ...]:
    """Carry an earlier plan's books on: after its applied changes, and after the planned ones.

    Owners whose book the planned changes leave alone are left out.
    """
    now, then = _Ledger(), _Ledger()
    now.post(applied)
    then.post(planned)
    known = {one.owner_id: one for one in totals}
    carried = []
    for owner_id, ahead in then.books.items():
        start, behind = known.get(owner_id), now.books.get(owner_id, _Book())
        accounts = (start.accounts_before if start else 0) + behind.accounts
        hours = (start.hours_before if start else 0.0) + behind.hours
        value_usd = (start.value_before_usd if start else 0.0) + behind.value_usd
        carried.append(
            OwnerTotals(
                owner_id=owner_id,
                name=org.name(owner_id),
                territory=org.territory(owner_id),
                accounts_before=accounts,
                accounts_after=accounts + ahead.accounts,
                gained=ahead.gained,
                lost=ahead.lost,
                hours_before=round(hours, 2),
                hours_after=round(hours + ahead.hours, 2),
                value_before_usd=round(value_usd, 2),
                value_after_usd=round(value_usd + ahead.value_usd, 2),
            )
        )
    return tuple(sorted(carried, key=_by_name))


def _by_name(totals: OwnerTotals) -> tuple[str, str]:
    return totals.name, totals.owner_id
