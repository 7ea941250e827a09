"""Overrides: accounts that a person puts to a rep, with a reason, an author and a last day.

An override acts in construction as a lock, so the rest of the book is built around it. Given to
somebody who is not on the roster, the account leaves the book: it is in no territory, and is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from sfterritory.errors import ConfigError
from sfterritory.model.columns import Flags, Ids, Ints, RosterColumns, TextColumn
from sfterritory.model.store.override import AssignmentOverride, Ending
from sfterritory.model.store.store import Store


@dataclass(frozen=True, slots=True)
class StandingOverride:
    """An override and the account that it stands for.

    Attributes:
        account_id: The one that the named account lives on in, where it was merged away.
        counts: Nothing ended it, and no later override of the same account goes before it.
    """

    override: AssignmentOverride
    account_id: str
    counts: bool


@dataclass(frozen=True, slots=True)
class OverrideLocks:
    """What overrides say about the accounts of a book, shape (n,).

    Attributes:
        rep: Roster row of who must have the account, -1 where no override says.
        cause: `override by ann until 2026-12-31: reason`; missing where no override says.
        leaves: The override names somebody who is not on the roster: the account has to be taken
            out of the book. `rep` is -1 there, and `cause` is given.
        notes: A line for each account that leaves, with names.
    """

    rep: Ints
    cause: TextColumn
    leaves: Flags
    notes: tuple[str, ...]


def standing_overrides(store: Store, *, now: datetime) -> tuple[StandingOverride, ...]:
    """Return every override there ever was, by number, and whether it counts at a moment."""
    found = store.overrides.list()
    if not found:
        return ()
    winners = store.mirror.masters("Account")
    accounts = [winners.get(one.account_id, one.account_id) for one in found]
    last = {
        account_id: one.number
        for account_id, one in zip(accounts, found, strict=True)
        if one.counts(now)
    }
    return tuple(
        StandingOverride(one, account_id, counts=last.get(account_id) == one.number)
        for account_id, one in zip(accounts, found, strict=True)
    )


def override_locks(
    store: Store, roster: RosterColumns, account_ids: Ids, *, now: datetime
) -> OverrideLocks:
    """Return what overrides say about these accounts (ascending ids) and this roster."""
    row_of_rep = {rep_id: row for row, rep_id in enumerate(roster.ids.tolist())}
    rows = {account_id: row for row, account_id in enumerate(account_ids.tolist())}
    rep = np.full(len(account_ids), -1, dtype=np.int32)
    leaves = np.zeros(len(account_ids), dtype=np.bool_)
    cause: list[str | None] = [None] * len(account_ids)
    away: list[StandingOverride] = []
    for one in standing_overrides(store, now=now):
        row = rows.get(one.account_id)
        if not one.counts or row is None:
            continue
        cause[row] = override_cause(one.override)
        rep[row] = row_of_rep.get(one.override.rep_id, -1)
        leaves[row] = rep[row] < 0
        if leaves[row]:
            away.append(one)
    return OverrideLocks(rep, TextColumn.of(cause), leaves, _leaving_notes(store, away))


def override_owners(store: Store, *, at: datetime) -> dict[str, str]:
    """Return the rep of each account that was under an override at a moment, by account id."""
    return {
        one.account_id: one.override.rep_id
        for one in standing_overrides(store, now=at)
        if one.counts
    }


def override_cause(override: AssignmentOverride) -> str:
    """Return an override as reports name it."""
    return f"override by {override.by} until {override.until}: {override.reason}"


def exception_count(store: Store, *, now: datetime) -> int:
    """Return how many live accounts are under an override: what `status` shows."""
    standing = [one for one in standing_overrides(store, now=now) if one.counts]
    live = account_names(store) if standing else {}
    return sum(one.account_id in live for one in standing)


def end_override(
    store: Store, number: int, *, by: str, reason: str, now: datetime
) -> AssignmentOverride:
    """End an override from now on.

    Raises:
        ConfigError: There is no reason.
        StoreError: There is no such override, or it was ended before.
    """
    if not reason.strip():
        raise ConfigError("an override is ended with a reason", remedy="say why with --reason")
    ended = store.overrides.end(number, Ending(reason.strip(), by, now))
    store.log.add("override end", at=now, by=by, facts={"number": number, "reason": reason.strip()})
    return ended


def _leaving_notes(store: Store, away: Sequence[StandingOverride]) -> tuple[str, ...]:
    if not away:
        return ()
    names = {one.id: one.name for one in store.mirror.users()}
    return tuple(
        f"{(store.mirror.record('Account', one.account_id) or {}).get('Name') or 'Account'} "
        f"({one.account_id}) leaves the book: override {one.override.number} puts it to "
        f"{names.get(one.override.rep_id, one.override.rep_id)}, who is not on the roster"
        for one in away
    )


def account_names(store: Store) -> dict[str, str]:
    """Return the name of every live account by id."""
    columns = store.mirror.columns("Account", ["Name"])
    names = columns.fields["Name"]
    texts = names.values() if isinstance(names, TextColumn) else []
    return {
        account_id: name or "" for account_id, name in zip(columns.ids.tolist(), texts, strict=True)
    }
