"""Demands: the amounts that are shared out, with each rep's fair part and limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.errors import ConfigError
from sfterritory.model.columns import Flags, Floats, Ints
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
        lo, hi = _band(one, target, book.roster.capacity_share, limits[one.measure])
        if one.measure == HOURS and sharing.within_capacity:
            hi = np.minimum(hi, sharing.rep_hours)
        lo, hi = np.where(sharing.frozen, 0.0, lo), np.where(sharing.frozen, np.inf, hi)
        demands.append(
            Demand(one.measure, _UNITS.get(one.measure, ""), amount, target, np.minimum(lo, hi), hi)
        )
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
        return np.nan_to_num(
            not_negative(book.number(measure), f"Account.{measure}", ids=ids, notes=notes)
        )
    value = book.accounts.value_usd
    most = heavy_value_share * float(value.sum()) / k
    heavy = int((value > most).sum()) if most > 0 else 0
    if heavy:
        notes.append(
            f"{heavy:,} accounts are worth more than {heavy_value_share:.0%} of a mean "
            f"territory: each counts as {most:,.0f} USD (territories.heavy_value_share)"
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
    one: Balance, target: Floats, capacity_share: Floats, limits: dict[int, RepLimits]
) -> tuple[Floats, Floats]:
    if one.tolerance is None:
        lo, hi = np.zeros(len(target)), np.full(len(target), np.inf)
    else:
        lo, hi = target * max(0.0, 1.0 - one.tolerance), target * (1.0 + one.tolerance)
    if one.at_least is not None:
        lo = np.maximum(lo, one.at_least * capacity_share)
    if one.at_most is not None:
        hi = np.minimum(hi, one.at_most * capacity_share)
    for row, limit in limits.items():
        lo[row] = lo[row] if limit.at_least is None else limit.at_least
        hi[row] = hi[row] if limit.at_most is None else limit.at_most
    # A hard limit goes before the fair part that it stands against.
    if one.at_most is not None:
        lo = np.minimum(lo, hi)
    return lo, np.maximum(lo, hi)


def _rep_limits(
    balance: list[Balance], book: Book, directory: Directory
) -> dict[str, dict[int, RepLimits]]:
    row_of = {record_id: row for row, record_id in enumerate(book.roster.ids.tolist())}
    problems: list[str] = []
    found: dict[str, dict[int, RepLimits]] = {}
    for one in balance:
        found[one.measure] = {}
        for ref, limit in one.reps.items():
            user = directory.resolve_user(ref)
            where = f"{TERRITORIES_FILE}: balance: {one.measure}: reps.{ref}"
            if not isinstance(user, str):
                problems.append(f"{where}: {user.text}; {user.remedy}")
            elif to_18(user) not in row_of:
                problems.append(f"{where}: {ref} is not on the roster")
            else:
                found[one.measure][row_of[to_18(user)]] = limit
    if problems:
        raise ConfigError(
            "\n".join(problems), remedy="name reps of the roster by username, or take the line out"
        )
    return found
