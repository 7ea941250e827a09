"""Demands: the amounts that are shared out, with each rep's fair part and limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sfterritory.errors import ConfigError
from sfterritory.model.columns import Flags, Floats, Ints, NumberColumn
from sfterritory.model.ids import to_18
from sfterritory.optimize.request import Demand
from sfterritory.pipeline.construction.book import Book, not_negative
from sfterritory.pipeline.people import TERRITORIES_FILE
from sfterritory.routing.directory import Directory
from sfterritory.settings.territories import ACCOUNTS, HOURS, VALUE, Balance, RepLimits

_UNITS = {HOURS: "h", VALUE: "USD"}


@dataclass(frozen=True, slots=True)
class Sharing:
    """How a book is shared out, but for the hours of its accounts, which follow from territories.

    Attributes:
        balance: What is shared out.
        parts: Part of each account and of each rep; see `fit.parts`.
        frozen: Reps of whom nothing is asked, since they are not planned again, shape (k,).
        directory: Finds reps by username.
        rep_hours: What each rep has hours for, shape (k,).
        within_capacity: A rep's hours are a hard limit.
        heavy_value_share: Of a mean territory's value: one account counts at most this.
    """

    balance: tuple[Balance, ...]
    parts: tuple[Ints, Ints]
    frozen: Flags
    directory: Directory
    rep_hours: Floats
    within_capacity: bool
    heavy_value_share: float


def make_demands(
    book: Book, hours: Floats, *, sharing: Sharing
) -> tuple[tuple[Demand, ...], tuple[str, ...]]:
    """Return the demands, hours first, and notes on amounts that were read otherwise.

    A fair part is what a rep's capacity share makes of the total of those accounts that the rep can
    share in: reps who only have accounts reserved to them share out those.

    Args:
        book: The accounts and reps.
        hours: Workload of a year of each account, shape (n,).
        sharing: How they are shared out.

    Raises:
        ConfigError: A limit names nobody of the roster; every mistake is listed.
    """
    balance = sharing.balance
    if not any(one.measure == HOURS for one in balance):
        balance = (Balance(measure=HOURS), *balance)
    ordered = sorted(balance, key=lambda one: one.measure != HOURS)
    notes: list[str] = []
    limits = _rep_limits(ordered, book, sharing.directory)
    demands = []
    for one in ordered:
        amount = _amount(one.measure, book, hours, sharing.heavy_value_share, notes)
        target = _fair(
            amount,
            sharing.parts[0],
            rep_part=sharing.parts[1],
            share=_shares(book.roster.capacity_share, limits[one.measure]),
        )
        full = one.measure == HOURS and sharing.within_capacity
        lo, hi = _band(
            one,
            target,
            capacity_share=book.roster.capacity_share,
            limits=limits[one.measure],
            ceiling=sharing.rep_hours if full else np.full(len(target), np.inf),
        )
        lo, hi = np.where(sharing.frozen, 0.0, lo), np.where(sharing.frozen, np.inf, hi)
        demands.append(Demand(one.measure, _UNITS.get(one.measure, ""), amount, target, lo, hi))
    return tuple(demands), tuple(notes)


def _amount(
    measure: str, book: Book, hours: Floats, heavy_value_share: float, notes: list[str]
) -> Floats:
    n, k = len(book.accounts), len(book.roster)
    if measure == HOURS:
        return hours
    if measure == ACCOUNTS:
        return np.ones(n)
    if measure != VALUE:
        ids = book.accounts.ids
        if not isinstance(book.placed.records.fields[measure], NumberColumn):
            raise ConfigError(
                f"{TERRITORIES_FILE}: balance: {measure}: Account.{measure} holds no numbers",
                remedy="name hours, value, accounts, or a number or currency field of Account",
            )
        return np.nan_to_num(
            not_negative(book.number(measure), f"Account.{measure}", ids=ids, notes=notes)
        )
    value = book.accounts.value_usd
    most = heavy_value_share * float(value.sum()) / k
    heavy = int((value > most).sum()) if most > 0 else 0
    if heavy:
        notes.append(
            f"of {heavy:,} accounts the value is more than {heavy_value_share:.0%} of a mean "
            f"territory's: each counts as {most:,.0f} USD (territories.heavy_value_share)"
        )
        return np.minimum(value, most)
    return value


def _fair(amount: Floats, account_part: Ints, *, rep_part: Ints, share: Floats) -> Floats:
    count = int(max(account_part.max(initial=0), rep_part.max(initial=0))) + 1
    total = np.bincount(account_part, weights=amount, minlength=count)
    shares = np.bincount(rep_part, weights=share, minlength=count)
    per_share = np.divide(total, shares, out=np.zeros(count), where=shares > 0)
    fair: Floats = share * per_share[rep_part]
    return fair


def _shares(capacity_share: Floats, limits: dict[int, RepLimits]) -> Floats:
    share = capacity_share.copy()
    for row, limit in limits.items():
        if limit.share is not None:
            share[row] = limit.share
    return share


def _band(
    one: Balance,
    target: Floats,
    *,
    capacity_share: Floats,
    limits: dict[int, RepLimits],
    ceiling: Floats,
) -> tuple[Floats, Floats]:
    """Return the limits of each rep; a hard limit goes before the fair part it stands against.

    `ceiling` is what nobody may be given more than, infinite where there is no such limit, (k,).
    """
    least = capacity_share * (one.at_least or 0.0)
    width = np.inf if one.tolerance is None else one.tolerance
    hi = np.full(len(target), np.inf) if one.tolerance is None else target * (1.0 + width)
    hi = np.maximum(hi, least)
    if one.at_most is not None:
        hi = np.minimum(hi, one.at_most * capacity_share)
    for row, limit in limits.items():
        hi[row] = hi[row] if limit.at_most is None else limit.at_most
    hi = np.minimum(hi, ceiling)
    # Who cannot take a fair part gets as wide a band below what can be taken: whole accounts would
    # never fill one without width.
    lo = np.maximum(least, np.minimum(target, hi) * max(0.0, 1.0 - width))
    for row, limit in limits.items():
        lo[row] = lo[row] if limit.at_least is None else limit.at_least
        if limit.at_least is not None and limit.at_most is None:
            hi[row] = max(hi[row], min(limit.at_least, float(ceiling[row])))
    return np.minimum(lo, hi), hi


def _rep_limits(
    balance: list[Balance], book: Book, directory: Directory
) -> dict[str, dict[int, RepLimits]]:
    named = [(f"balance: {one.measure}: reps.{ref}", ref) for one in balance for ref in one.reps]
    rows = iter(rows_of_reps(named, book, directory))
    return {one.measure: {next(rows): limits for limits in one.reps.values()} for one in balance}


def rows_of_reps(named: Sequence[tuple[str, str]], book: Book, directory: Directory) -> list[int]:
    """Return the roster row of each rep that the file names, as pairs of its place and a username.

    Raises:
        ConfigError: Nobody has such a name, or they are not on the roster; each is listed.
    """
    row_of = {record_id: row for row, record_id in enumerate(book.roster.ids.tolist())}
    problems: list[str] = []
    rows: list[int] = []
    for where, ref in named:
        user = directory.resolve_user(ref)
        if not isinstance(user, str):
            problems.append(f"{TERRITORIES_FILE}: {where}: {user.text}; {user.remedy}")
        elif to_18(user) not in row_of:
            problems.append(f"{TERRITORIES_FILE}: {where}: {ref} is not on the roster")
        else:
            rows.append(row_of[to_18(user)])
    if problems:
        raise ConfigError(
            "\n".join(problems), remedy="name reps of the roster by username, or take the line out"
        )
    return rows
