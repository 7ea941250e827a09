"""What moves: today's owners beside the reps of a version's territories, and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from sfterritory.model.columns import FlagColumn, Flags, Floats, Ids, Ints, NumberColumn, TextColumn
from sfterritory.model.document import Document
from sfterritory.model.sphere import totals
from sfterritory.model.store.store import Store
from sfterritory.model.store.territory import Territory, TerritoryVersion
from sfterritory.pipeline.people import People
from sfterritory.pipeline.records import typed
from sfterritory.settings.project import Settings

_DEAL_FIELDS = ("AccountId", "Amount", "IsClosed")
_NOBODY = -1
_DECIMALS = 2


class RepEffect(Document):
    """What one rep has today and would have: what a quota has to follow.

    Attributes:
        rep: The user id; None for somebody yet to be hired.
        value_usd_gained: Of accounts that come; None where no field of value is configured.
        value_usd_lost: Of accounts that go.
        pipeline_before: Amount of open opportunities; None where they were not pulled.
    """

    rep: str | None
    name: str
    accounts_before: int
    accounts_after: int
    value_usd_before: float | None
    value_usd_after: float | None
    value_usd_gained: float | None
    value_usd_lost: float | None
    pipeline_before: float | None
    pipeline_after: float | None


@dataclass(frozen=True, slots=True)
class Today:
    """Who owns what by the last pull; one row an account, in ascending order of id.

    Attributes:
        value_usd: None where no field of value is configured.
        pipeline: Amount of open opportunities; None where they were not pulled.
        deals: Their number.
        names: Of every owner, by id.
    """

    ids: Ids
    owner: TextColumn
    value_usd: Floats | None
    pipeline: Floats | None
    deals: Floats | None
    names: dict[str, str]


def load_today(settings: Settings, store: Store, people: People) -> Today:
    """Read who owns what by the last pull."""
    value = settings.salesforce.account.value
    fields = ["OwnerId", *([value] if value else [])]
    records = store.mirror.columns("Account", fields)
    worth = records.fields[value] if value else None
    amounts = _pipeline(store, records.ids)
    return Today(
        ids=records.ids,
        owner=typed(records.fields["OwnerId"], TextColumn),
        value_usd=None
        if worth is None
        else np.maximum(np.nan_to_num(typed(worth, NumberColumn).values), 0.0),
        pipeline=None if amounts is None else amounts[0],
        deals=None if amounts is None else amounts[1],
        names=dict(people.names),
    )


@dataclass(frozen=True, slots=True)
class Moves:
    """Accounts in territories of a version that are still there, with owners before and after.

    Attributes:
        ids: Of the accounts.
        owners: Ids and names; `before` and `after` are rows of them, -1 for nobody.
    """

    ids: Ids
    owners: tuple[tuple[str | None, str], ...]
    before: Ints
    after: Ints
    hours: Floats
    value_usd: Floats | None
    pipeline: Floats | None
    deals: Floats | None
    gone: int

    @property
    def moved(self) -> Flags:
        """Return which accounts get another owner."""
        other: Flags = self.before != self.after
        return other


def moves_of(
    store: Store, version: TerritoryVersion, territories: tuple[Territory, ...], today: Today
) -> Moves:
    """Return who has each account of a version today, and who would have it."""
    alignment = store.territories.alignment(version.id)
    placed = alignment.territory.codes >= 0
    spot = np.searchsorted(today.ids, alignment.account_ids)
    spot = np.minimum(spot, max(len(today.ids) - 1, 0))
    live = (
        today.ids[spot] == alignment.account_ids
        if len(today.ids)
        else np.zeros(len(spot), dtype=np.bool_)
    )
    kept = np.flatnonzero(live & placed)
    rows = spot[kept]
    owners: list[tuple[str | None, str]] = [
        (owner, today.names.get(owner, owner)) for owner in today.owner.vocabulary
    ]
    number = {owner: at for at, (owner, _) in enumerate(owners)}
    of_key: dict[str, int] = {}
    for one in territories:
        rep = one.rep_id if one.rep_id in today.names else None
        if rep is None or rep not in number:
            owners.append((rep, today.names[rep] if rep else f"vacant: {one.name}"))
            if rep is not None:
                number[rep] = len(owners) - 1
        of_key[one.key] = number[rep] if rep is not None else len(owners) - 1
    table = [*(of_key.get(key, _NOBODY) for key in alignment.territory.vocabulary), _NOBODY]
    return Moves(
        ids=today.ids[rows],
        owners=tuple(owners),
        before=today.owner.codes[rows],
        after=np.array(table, dtype=np.int32)[alignment.territory.codes[kept]],
        hours=np.nan_to_num(alignment.hours_per_year[kept]),
        value_usd=None if today.value_usd is None else today.value_usd[rows],
        pipeline=None if today.pipeline is None else today.pipeline[rows],
        deals=None if today.deals is None else today.deals[rows],
        gone=int((~live & placed).sum()),
    )


def effects_of(moves: Moves) -> tuple[RepEffect, ...]:
    """Return what changes for each rep, the greatest change first."""
    count, moved, ones = len(moves.owners), moves.moved, np.ones(len(moves.before))
    had, has = _per_rep(moves.before, ones, count), _per_rep(moves.after, ones, count)
    value = _Sums.of(moves.value_usd, moves)
    pipeline = _Sums.of(moves.pipeline, moves)
    touched = np.unique(np.concatenate((moves.before[moved], moves.after[moved])))
    effects = [
        RepEffect(
            rep=moves.owners[row][0],
            name=moves.owners[row][1],
            accounts_before=int(had[row]),
            accounts_after=int(has[row]),
            value_usd_before=value.before(row),
            value_usd_after=value.after(row),
            value_usd_gained=value.gained(row),
            value_usd_lost=value.lost(row),
            pipeline_before=pipeline.before(row),
            pipeline_after=pipeline.after(row),
        )
        for row in touched.tolist()
        if row != _NOBODY
    ]
    return tuple(sorted(effects, key=_size_of_change))


@dataclass(frozen=True, slots=True)
class _Sums:
    """An amount by rep: before, after, of accounts that come and that go; None where unknown."""

    sums: tuple[Floats, Floats, Floats, Floats] | None

    @classmethod
    def of(cls, amount: Floats | None, moves: Moves) -> Self:
        if amount is None:
            return cls(None)
        count, moved = len(moves.owners), moves.moved
        before, after = moves.before, moves.after
        return cls(
            (
                _per_rep(before, amount, count),
                _per_rep(after, amount, count),
                _per_rep(after[moved], amount[moved], count),
                _per_rep(before[moved], amount[moved], count),
            )
        )

    def before(self, row: int) -> float | None:
        return self._at(0, row)

    def after(self, row: int) -> float | None:
        return self._at(1, row)

    def gained(self, row: int) -> float | None:
        return self._at(2, row)

    def lost(self, row: int) -> float | None:
        return self._at(3, row)

    def _at(self, which: int, row: int) -> float | None:
        return None if self.sums is None else rounded(self.sums[which][row])


def _size_of_change(one: RepEffect) -> tuple[float, int, str, str]:
    value = abs((one.value_usd_after or 0.0) - (one.value_usd_before or 0.0))
    return (-value, -abs(one.accounts_after - one.accounts_before), one.name, one.rep or "")


def _per_rep(rep: Ints, amount: Floats, count: int) -> Floats:
    owned = rep >= 0
    return totals(rep[owned], amount[owned], n_groups=count)


def _pipeline(store: Store, ids: Ids) -> tuple[Floats, Floats] | None:
    """Return amount and number of each account's open opportunities, None where not pulled."""
    pulled = store.mirror.pulled().get("Opportunity")
    if pulled is None or not set(_DEAL_FIELDS) <= set(pulled.fields):
        return None
    deals = store.mirror.columns("Opportunity", _DEAL_FIELDS)
    account = typed(deals.fields["AccountId"], TextColumn)
    is_open = ~typed(deals.fields["IsClosed"], FlagColumn).values & (account.codes >= 0)
    amount = np.nan_to_num(typed(deals.fields["Amount"], NumberColumn).values)
    row_of = {account_id: row for row, account_id in enumerate(ids.tolist())}
    table = np.array([*(row_of.get(one, _NOBODY) for one in account.vocabulary), _NOBODY])
    row = table[account.codes]
    counted = is_open & (row >= 0)
    rows = row[counted].astype(np.int32)
    return (
        totals(rows, amount[counted], n_groups=len(ids)),
        totals(rows, np.ones(len(rows)), n_groups=len(ids)),
    )


def rounded(number: float) -> float:
    """Return a figure as it is shown."""
    return round(float(number), _DECIMALS)
