"""What a reader of a plan has to know before trusting it, each thing with its cause."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sfterritory.model.columns import AccountColumns, Flags, RosterColumns
from sfterritory.optimize.alignment import Note, NoteCode, TerritoryPlan
from sfterritory.optimize.sphere import totals
from sfterritory.optimize.workload import Workload


def empty_note() -> Note:
    """Return the note of a plan without accounts."""
    return Note(NoteCode.NO_ACCOUNTS, "no located account: every territory is empty")


def plan_notes(
    plan: TerritoryPlan,
    accounts: AccountColumns,
    *,
    roster: RosterColumns,
    workload: Workload,
    shared: Flags,
) -> tuple[Note, ...]:
    """Return the notes of a plan, facts about the whole book first, then by rep."""
    return (
        *_book_notes(plan, roster, workload),
        *_heavy_notes(plan, accounts),
        *_home_notes(roster, shared),
        *_limit_notes(plan, accounts, roster),
    )


def _book_notes(plan: TerritoryPlan, roster: RosterColumns, workload: Workload) -> Iterator[Note]:
    n, k = len(plan.territory), len(roster)
    needed, available = float(plan.hours.sum()), float(workload.capacity.rep_hours.sum())
    if n < k:
        yield Note(
            NoteCode.FEWER_ACCOUNTS_THAN_REPS,
            f"{n} accounts for {k} reps: at least {k - n} territories stay empty",
        )
    if needed <= 0:
        yield Note(NoteCode.NO_HOURS, "no account needs hours: only value and distance decide")
    if needed > available:
        yield Note(
            NoteCode.BOOK_EXCEEDS_CAPACITY,
            f"the accounts need {needed:,.0f} hours a year and the reps have {available:,.0f}: "
            f"{needed - available:,.0f} hours cannot be worked",
        )


def _heavy_notes(plan: TerritoryPlan, accounts: AccountColumns) -> Iterator[Note]:
    largest = float(plan.hours_band.hi.max())
    for row in np.flatnonzero(plan.hours > largest).tolist():
        yield Note(
            NoteCode.ACCOUNT_EXCEEDS_LIMIT,
            f"account {accounts.ids[row]} alone needs {plan.hours[row]:,.1f} hours a year, more "
            f"than any territory may hold ({largest:,.1f})",
            rep=int(plan.territory[row]),
        )
    for rep in np.flatnonzero(plan.value_band.excess > 0).tolist():
        heavy = (plan.territory == rep) & (accounts.value_usd > plan.counted_value_usd)
        yield Note(
            NoteCode.VALUE_CAPPED,
            f"{int(heavy.sum())} accounts are worth too much to be levelled: "
            f"{plan.value_band.excess[rep]:,.0f} USD of them do not count in the balance",
            rep=rep,
        )


def _home_notes(roster: RosterColumns, shared: Flags) -> Iterator[Note]:
    for rep in np.flatnonzero(shared).tolist():
        yield Note(
            NoteCode.SHARED_HOME,
            f"{roster.names[rep]} lives within a kilometre of another rep: the centre lies between "
            f"home and the middle of the accounts",
            rep=rep,
        )


def _limit_notes(
    plan: TerritoryPlan, accounts: AccountColumns, roster: RosterColumns
) -> Iterator[Note]:
    amounts = (plan.hours, plan.counted_value_usd)
    for band, amount in zip((plan.hours_band, plan.value_band), amounts, strict=True):
        kept = accounts.locked
        locked = totals(plan.territory[kept], amount[kept], n_groups=len(roster))
        for rep in np.flatnonzero(band.outside).tolist():
            counted = float(band.load[rep] - band.excess[rep])
            side = "above" if band.over[rep] > 0 else "below"
            by_locks = bool(locked[rep] > band.hi[rep])
            cause = (
                f"locked accounts alone hold {locked[rep]:,.1f}"
                if by_locks
                else f"no arrangement inside was found; all loads keep to a tolerance of "
                f"{band.tolerance_needed:.3f}"
            )
            yield Note(
                NoteCode.LOCKS_EXCEED_LIMIT if by_locks else NoteCode.OUTSIDE_LIMITS,
                f"{roster.names[rep]} has {counted:,.1f} {band.measure}, {side} the "
                f"{band.lo[rep]:,.1f} to {band.hi[rep]:,.1f} asked for: {cause}",
                rep=rep,
            )
