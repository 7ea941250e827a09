"""The book: accounts in scope and the roster, before anything restricts who gets what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sfterritory.errors import ConfigError, StepMissingError
from sfterritory.model.columns import (
    AccountColumns,
    Column,
    Flags,
    Floats,
    Ints,
    RosterColumns,
    TextColumn,
    TimeColumn,
    taken,
)
from sfterritory.model.store.store import Store
from sfterritory.pipeline.people import TERRITORIES_FILE, People, load_roster
from sfterritory.pipeline.records import PlacedRecords, load_placed
from sfterritory.routing.rules import Condition
from sfterritory.settings.project import Settings
from sfterritory.settings.yaml_file import KeyPath, dotted

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Book:
    """What is shared out, and between whom.

    Attributes:
        placed: Every account of the pull.
        rows: Where each account of the book stands among them, ascending.
        accounts: The same accounts as construction wants them.
        roster: One territory each.
        unlocated: Accounts of the pull without a place.
        outside_scope: Accounts that have a place and are left out by `scope`.
        notes: What was read otherwise than it stands in Salesforce.
    """

    placed: PlacedRecords
    rows: Ints
    accounts: AccountColumns
    roster: RosterColumns
    unlocated: int
    outside_scope: int
    notes: tuple[str, ...] = ()

    def text(self, name: str) -> TextColumn:
        """Return a text field of the book's accounts."""
        return TextColumn(
            self.placed.text(name).codes[self.rows], self.placed.text(name).vocabulary
        )

    def tier(self, settings: Settings) -> TextColumn | None:
        """Return the grade of each account, None where the mappings name no field for it.

        Reports count by it; nothing is shared out by it unless `balance` says so.
        """
        name = settings.salesforce.account.tier
        return None if name is None else self.text(name)

    def number(self, name: str | None) -> Floats:
        """Return a number field of the book's accounts, NaN where there is none."""
        return self.placed.number(name)[self.rows]

    def time(self, name: str, *, path: KeyPath) -> NDArray[np.datetime64]:
        """Return a date field of the book's accounts.

        Raises:
            ConfigError: The field holds something else.
        """
        column = self.placed.records.fields[name]
        if not isinstance(column, TimeColumn):
            raise ConfigError(
                f"{TERRITORIES_FILE}: {'.'.join(map(str, path))}: Account.{name} holds no dates",
                remedy="name a date or date/time field",
            )
        return column.values[self.rows]

    def fields(self, names: Sequence[str]) -> dict[str, Column]:
        """Return fields of the book's accounts by name."""
        return {name: taken(self.placed.records.fields[name], self.rows) for name in names}

    def matching(self, condition: Condition, settings: Settings, *, path: KeyPath) -> Flags:
        """Return which accounts of the book a condition holds for."""
        found = self.placed.matching(
            condition, settings=settings, where=path, file=TERRITORIES_FILE
        )
        return found[self.rows]

    def without(self, left: Flags) -> Book:
        """Return the book without some of its accounts."""
        kept = np.flatnonzero(~left)
        return replace(self, rows=self.rows[kept], accounts=chosen_accounts(self.accounts, kept))


def load_book(
    settings: Settings,
    store: Store,
    people: People,
    *,
    overlay: int | None = None,
    more_fields: Sequence[str] = (),
) -> Book:
    """Return the accounts that are located and in scope, and the roster.

    Args:
        settings: Of the project.
        store: Where the pull is kept.
        people: Everybody who can own records.
        overlay: Which of `overlays` has its own roster and a further scope.
        more_fields: Fields of Account beyond those that the mappings name.

    Raises:
        StepMissingError: No account is located and in scope.
        ConfigError: A mapping does not fit the org.
    """
    placed = load_placed(store, "Account", (*account_fields(settings), *more_fields))
    team = None if overlay is None else settings.territories.overlays[overlay]
    where: KeyPath = () if overlay is None else ("overlays", overlay)
    roster = load_roster(
        settings,
        store,
        people,
        params=None if team is None else team.roster,
        where=(*where, "roster"),
    )
    scopes: dict[KeyPath, Condition | None] = {("scope",): settings.territories.scope}
    if team is not None:
        scopes[(*where, "scope")] = team.scope
    located, scoped = placed.places.located, _scoped(settings, placed, scopes)
    rows = np.flatnonzero(located & scoped).astype(np.int32)
    if len(rows) == 0:
        raise StepMissingError(
            f"none of {len(placed.records):,} accounts is located and in scope"
            + (f" of {dotted(where)}" if where else ""),
            remedy=f"correct addresses in Salesforce or `{dotted((*where, 'scope'))}` in "
            f"{TERRITORIES_FILE}, then run `sfterritory pull` again",
        )
    notes: list[str] = []
    return Book(
        placed=placed,
        rows=rows,
        accounts=_accounts(settings, placed, rows, roster=roster, notes=notes),
        roster=roster,
        unlocated=int((~located).sum()),
        outside_scope=int((located & ~scoped).sum()),
        notes=tuple(notes),
    )


def _scoped(
    settings: Settings, placed: PlacedRecords, scopes: Mapping[KeyPath, Condition | None]
) -> Flags:
    """Return which records every scope holds for; one that is None holds for all."""
    scoped = np.ones(len(placed.records), dtype=np.bool_)
    for path, condition in scopes.items():
        if condition is not None:
            scoped &= placed.matching(
                condition, settings=settings, where=path, file=TERRITORIES_FILE
            )
    return scoped


def _accounts(
    settings: Settings,
    placed: PlacedRecords,
    rows: Ints,
    *,
    roster: RosterColumns,
    notes: list[str],
) -> AccountColumns:
    """Return some records as construction wants them; what was read otherwise goes to `notes`."""
    meaning, ids = settings.salesforce.account, placed.records.ids[rows]

    def amounts(name: str | None) -> Floats:
        return not_negative(placed.number(name)[rows], f"Account.{name}", ids=ids, notes=notes)

    return AccountColumns(
        ids=ids,
        lon_deg=placed.places.lon_deg[rows],
        lat_deg=placed.places.lat_deg[rows],
        value_usd=np.nan_to_num(amounts(meaning.value)),
        calls_per_year=amounts(meaning.calls_per_year),
        visit_minutes=amounts(meaning.visit_minutes),
        rep=_rep_of(placed.text("OwnerId"), roster)[rows],
        locked=np.zeros(len(rows), dtype=np.bool_),
    )


def account_fields(settings: Settings) -> tuple[str, ...]:
    """Return the fields of Account that construction reads."""
    meaning = settings.salesforce.account
    named = [meaning.value, meaning.calls_per_year, meaning.visit_minutes, meaning.tier]
    named += sorted(settings.territories.account_fields)
    return ("OwnerId", *(name for name in dict.fromkeys(named) if name and name != "Id"))


def not_negative(values: Floats, what: str, *, ids: NDArray[np.str_], notes: list[str]) -> Floats:
    """Return amounts with those below 0 or without an end as missing; a note names them."""
    wrong = (values < 0) | np.isinf(values)
    if not wrong.any():
        return values
    rows = np.flatnonzero(wrong)
    some = ", ".join(f"{ids[row]} ({values[row]:g})" for row in rows[:_NAMED].tolist())
    more = f" and {len(rows) - _NAMED:,} more" if len(rows) > _NAMED else ""
    notes.append(
        f"{what} is below 0 or not a number in {some}{more}: read as missing; correct it there"
    )
    return np.where(wrong, np.nan, values)


def chosen_accounts(accounts: AccountColumns, rows: NDArray[np.integer]) -> AccountColumns:
    """Return some of the accounts, in the order of `rows`."""
    return AccountColumns(
        ids=accounts.ids[rows],
        lon_deg=accounts.lon_deg[rows],
        lat_deg=accounts.lat_deg[rows],
        value_usd=accounts.value_usd[rows],
        calls_per_year=accounts.calls_per_year[rows],
        visit_minutes=accounts.visit_minutes[rows],
        rep=accounts.rep[rows],
        locked=accounts.locked[rows],
    )


def chosen_reps(roster: RosterColumns, rows: NDArray[np.integer]) -> RosterColumns:
    """Return some of the reps, in the order of `rows`."""
    return RosterColumns(
        ids=roster.ids[rows],
        names=tuple(roster.names[row] for row in rows.tolist()),
        lon_deg=roster.lon_deg[rows],
        lat_deg=roster.lat_deg[rows],
        capacity_share=roster.capacity_share[rows],
        attributes={name: taken(column, rows) for name, column in roster.attributes.items()},
    )


def _rep_of(owner: TextColumn, roster: RosterColumns) -> Ints:
    row_of = {record_id: row for row, record_id in enumerate(roster.ids.tolist())}
    table = [*(row_of.get(owner_id, -1) for owner_id in owner.vocabulary), -1]
    return np.array(table, dtype=np.int32)[owner.codes]
