"""What-if: accounts and roster as a scenario wants them, and what was changed, in plain words.

Pure functions of columns. Every name that means nobody or nothing is reported at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from sfterritory.errors import ConfigError
from sfterritory.model.columns import (
    AccountColumns,
    Column,
    Flags,
    Floats,
    Ints,
    RosterColumns,
    TextColumn,
)
from sfterritory.model.sphere import unit_vectors
from sfterritory.model.what_if import CadenceChange, FieldValue, WhatIf
from sfterritory.pipeline.construction.book import chosen_reps
from sfterritory.pipeline.what_if_lookup import Reps, matching
from sfterritory.pipeline.what_if_vacancy import Vacancy, vacancies, with_vacancies

_NAMED = 5
OUTSIDE = "not planned again"


@dataclass(frozen=True, slots=True)
class Known:
    """What columns do not say.

    Attributes:
        usernames: By user id.
        fields: Of the accounts, each (n,), those that `WhatIf.account_fields` names.
        calls_per_year: Of an account that has none of its own.
        visit_minutes: The same for the length of a call.
    """

    usernames: Mapping[str, str]
    fields: Mapping[str, Column]
    calls_per_year: float
    visit_minutes: float


@dataclass(frozen=True, slots=True)
class Changed:
    """The answer to a what-if.

    Attributes:
        accounts: The same rows as were given; `rep` are rows of the changed roster.
        roster: Without those who leave, with those to be hired.
        frozen: Reps who are not planned again: they keep what they have, shape (k,).
        settled: Who must have an account because its rep is frozen, -1 where it is free, (n,).
        left_out: Accounts that nobody owns and that lie among those of frozen reps, (n,).
        changes: What was changed, one sentence each.
    """

    accounts: AccountColumns
    roster: RosterColumns
    frozen: Flags
    settled: Ints
    left_out: Flags
    changes: tuple[str, ...]

    @property
    def cause(self) -> TextColumn:
        """Return why each account is settled, missing where it is not."""
        held = self.settled >= 0
        return TextColumn.of([OUTSIDE if one else None for one in held.tolist()])


@dataclass(frozen=True, slots=True)
class _Asked:
    """A what-if with its words looked up; rows are those of the given roster."""

    without: tuple[int, ...]
    capacity: Mapping[int, float]
    cadence: tuple[tuple[CadenceChange, Flags], ...]
    planned: Flags


def change(
    accounts: AccountColumns, roster: RosterColumns, what_if: WhatIf, *, known: Known
) -> Changed:
    """Return accounts and roster as a what-if wants them.

    The accounts of a rep who leaves are nobody's. `accounts.locked` says which may not lose their
    rep.

    Raises:
        ConfigError: A rep, field or value is unknown; a rep who leaves has locked accounts; nobody
            is left. Everything is listed.
    """
    problems: list[str] = []
    asked = _looked_up(accounts, roster, what_if, known=known, problems=problems)
    planned = vacancies(what_if.add, accounts, roster, known.usernames, problems=problems)
    if what_if.without and not what_if.unlock:
        problems += _locked(asked.without, accounts, roster)
    if len(roster) - len(asked.without) + len(planned) == 0:
        problems.append("without: nobody is left on the roster")
    if problems:
        raise ConfigError("\n".join(problems), remedy="correct these changes; nothing was built")
    calls, minutes, said = _worked(
        accounts.calls_per_year, accounts.visit_minutes, what_if, asked.cadence, known=known
    )
    worked = replace(accounts, calls_per_year=calls, visit_minutes=minutes)
    left_out, alone = _left_out(accounts, asked)
    sized, resized = _resized(roster, asked)
    kept = np.setdiff1d(np.arange(len(roster)), asked.without).astype(np.int32)
    rep = _renumbered(accounts.rep, kept, len(roster))
    frozen = np.append(~asked.planned[kept], np.zeros(len(planned), dtype=np.bool_))
    held = rep >= 0
    held[held] = frozen[rep[held]]
    return Changed(
        accounts=replace(worked, rep=rep, locked=accounts.locked & (rep >= 0)),
        roster=with_vacancies(chosen_reps(sized, kept), planned),
        frozen=frozen,
        settled=np.where(held, rep, -1).astype(np.int32),
        left_out=left_out,
        changes=(
            *_farewells(asked.without, accounts, roster),
            *_welcomes(planned),
            *resized,
            *said,
            *_focus(what_if.only, asked.planned, held, alone),
        ),
    )


def calls_as_changed(
    calls_per_year: Floats, visit_minutes: Floats, what_if: WhatIf, *, known: Known
) -> tuple[Floats, Floats]:
    """Return calls and minutes of accounts as a what-if that was built before changed them.

    A change whose accounts are no longer found is passed over: it was checked when it was built.
    """
    cadence = _cadence(len(calls_per_year), what_if, known=known, problems=[])
    calls, minutes, _ = _worked(calls_per_year, visit_minutes, what_if, cadence, known=known)
    return calls, minutes


def _cadence(
    n: int, what_if: WhatIf, *, known: Known, problems: list[str]
) -> tuple[tuple[CadenceChange, Flags], ...]:
    """Return each change of calls with the accounts it is for."""
    found: list[tuple[CadenceChange, Flags]] = []
    for one in what_if.cadence:
        rows: Flags | None = np.ones(n, dtype=np.bool_)
        if one.where is not None:
            rows = matching(known.fields, one.where, problems, where="cadence", whose="accounts")
        if rows is not None:
            found.append((one, rows))
    return tuple(found)


def _looked_up(
    accounts: AccountColumns,
    roster: RosterColumns,
    what_if: WhatIf,
    *,
    known: Known,
    problems: list[str],
) -> _Asked:
    reps = Reps(tuple(roster.ids.tolist()), roster.names, known.usernames)
    without = [reps.row(ref, problems, where="without") for ref in what_if.without]
    sizes = {
        reps.row(ref, problems, where="capacity"): size for ref, size in what_if.capacity.items()
    }
    cadence = _cadence(len(accounts), what_if, known=known, problems=problems)
    planned: Flags | None = np.ones(len(roster), dtype=np.bool_)
    if what_if.only is not None:
        planned = matching(roster.attributes, what_if.only, problems, where="only", whose="reps")
    asked = _Asked(
        tuple(dict.fromkeys(row for row in without if row is not None)),
        {row: size for row, size in sizes.items() if row is not None},
        cadence,
        np.ones(len(roster), dtype=np.bool_) if planned is None else planned,
    )
    problems += [
        f"only: {roster.names[row]} is not among the reps with {what_if.only}, and {word}"
        for rows, word in ((asked.without, "leaves"), (tuple(asked.capacity), "changes size"))
        for row in rows
        if not asked.planned[row]
    ]
    return asked


def _locked(without: Sequence[int], accounts: AccountColumns, roster: RosterColumns) -> list[str]:
    problems = []
    for row in without:
        ids = accounts.ids[accounts.locked & (accounts.rep == row)]
        if len(ids):
            more = f" and {len(ids) - _NAMED:,} more" if len(ids) > _NAMED else ""
            problems.append(
                f"without: {roster.names[row]} has {_count(len(ids), 'locked account')} "
                f"({', '.join(ids[:_NAMED].tolist())}{more}): unlock them in "
                "mappings/territories.yaml, or give --unlock"
            )
    return problems


def _worked(
    calls: Floats,
    minutes: Floats,
    what_if: WhatIf,
    cadence: Sequence[tuple[CadenceChange, Flags]],
    *,
    known: Known,
) -> tuple[Floats, Floats, list[str]]:
    """Return calls a year and minutes a call as they are wanted, and what was changed."""
    sentences = []
    if cadence:
        calls = np.where(np.isnan(calls), known.calls_per_year, calls)
    for one, found in cadence:
        before = float(calls[found].sum())
        calls = np.where(found, _calls(one, calls), calls)
        who = f" with {one.where}" if one.where else ""
        sentences.append(
            f"{_count(int(found.sum()), 'account')}{who}: {before:,.0f} calls a year become "
            f"{float(calls[found].sum()):,.0f}."
        )
    if what_if.visit_minutes_factor != 1.0:
        minutes = np.where(np.isnan(minutes), known.visit_minutes, minutes)
        minutes = minutes * what_if.visit_minutes_factor
        sentences.append(f"Every call takes {what_if.visit_minutes_factor:g} times as long.")
    return calls, minutes, sentences


def _calls(one: CadenceChange, calls: Floats) -> Floats:
    if one.calls_per_year is not None:
        return np.full(len(calls), one.calls_per_year)
    return calls if one.factor is None else calls * one.factor


def _resized(roster: RosterColumns, asked: _Asked) -> tuple[RosterColumns, list[str]]:
    share = roster.capacity_share.copy()
    sentences = []
    for row, size in asked.capacity.items():
        sentences.append(
            f"{roster.names[row]} gets a territory of size {size:g}; it was {share[row]:g}."
        )
        share[row] = size
    return replace(roster, capacity_share=share), sentences


def _left_out(accounts: AccountColumns, asked: _Asked) -> tuple[Flags, int]:
    """Return which accounts of nobody lie nearest to one of a frozen rep, and how many."""
    left: Flags = np.zeros(len(accounts), dtype=np.bool_)
    frozen = np.append(~asked.planned, False)
    owned, nobody = np.flatnonzero(accounts.rep >= 0), np.flatnonzero(accounts.rep < 0)
    if not frozen.any() or len(owned) == 0 or len(nobody) == 0:
        return left, 0
    places = unit_vectors(accounts.lon_deg, accounts.lat_deg)
    _, nearest = cKDTree(places[owned]).query(places[nobody])
    left[nobody] = frozen[accounts.rep[owned[nearest]]]
    return left, int(left.sum())


def _renumbered(rep: Ints, kept: Ints, before: int) -> Ints:
    table = np.full(before + 1, -1, dtype=np.int32)
    table[kept] = np.arange(len(kept), dtype=np.int32)
    return table[rep]


def _farewells(
    without: Sequence[int], accounts: AccountColumns, roster: RosterColumns
) -> list[str]:
    return [
        f"Without {roster.names[row]}: "
        f"{_count(int((accounts.rep == row).sum()), 'account')} to give to others."
        for row in without
    ]


def _welcomes(planned: Sequence[Vacancy]) -> list[str]:
    return [
        f"Plus {one.name}" + ("." if one.capacity == 1.0 else f", of size {one.capacity:g}.")
        for one in planned
    ]


def _focus(only: FieldValue | None, planned: Flags, held: Flags, alone: int) -> list[str]:
    if only is None:
        return []
    said = (
        f"Only {int(planned.sum()):,} of {len(planned):,} reps, those with {only}, are planned "
        f"again; the others keep {_count(int(held.sum()), 'account')}."
    )
    more = f"In no territory: {_count(alone, 'account')} of nobody among theirs."
    return [said, more] if alone else [said]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
