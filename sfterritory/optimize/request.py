"""What construction is asked for: a book of accounts, a roster, and everything that restricts them.

The pipeline puts it together from settings, the store and what-if options; `build_territories`
reads nothing else. Rows stand in ascending order of id.
"""

from __future__ import annotations

from dataclasses import dataclass

from sfterritory.model.columns import AccountColumns, Flags, Floats, Ints, RosterColumns, TextColumn
from sfterritory.optimize.params import Mode


@dataclass(frozen=True, slots=True)
class Demand:
    """An amount of which every territory gets its part, within limits.

    Attributes:
        name: `hours`, `value`, `accounts`, or the name of the field it is read from.
        unit: As people write it: `h`, `USD`, `` for counts.
        amount: Of each account, at least 0, shape (n,).
        target: Fair part of each rep, shape (k,).
        lo: Least load of each rep, shape (k,).
        hi: Most load of each rep, at least `lo`, infinite where there is none, shape (k,).
    """

    name: str
    unit: str
    amount: Floats
    target: Floats
    lo: Floats
    hi: Floats


@dataclass(frozen=True, slots=True)
class Locks:
    """Accounts whose rep is settled before anything is built.

    Attributes:
        rep: Roster row of who must have the account, -1 where it is free, shape (n,).
        cause: What locked it, as the report says it (`list locks.csv`); missing where it is free.
    """

    rep: Ints
    cause: TextColumn


@dataclass(frozen=True, slots=True)
class Fit:
    """Who may have which accounts: skills, named lists, regions, restricted areas.

    Attributes:
        group: Row of `extra_km` for each account, shape (n,).
        extra_km: What a rep costs more for the accounts of a group, shape (groups, k): 0 where it
            fits, above 0 where another is preferred, infinite where it may never have them.
        cause: Of each group, what made it, as the report says it; '' for the ordinary group.
    """

    group: Ints
    extra_km: Floats
    cause: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TerritoryRequest:
    """Everything that territories are built from.

    Attributes:
        accounts: Located accounts in scope; `locked` of the columns is not read here.
        roster: Reps, one territory each.
        demands: What is shared out; the first is the workload in hours, which distances weigh.
        locks: Accounts that are settled.
        fit: Who may have which accounts.
        unit: Accounts with the same number stay together (a postal code, a family), shape (n,).
        churn_km: Kilometres that an hour of the account must save before it changes owner, (n,).
        max_km: Longest distance from the centre for each rep, infinite where there is none, (k,).
        mode: Where centres come from.
        centres: Longitude and latitude of an earlier answer's centres, each (k,), or None.
        gap_km: Ask for territories in one piece, where wider gaps than this count as water
            (infinite: none does); None asks for nothing.
        one_piece: Of whom `gap_km` asks it, None for everybody, shape (k,).
        seed: Decides ties between equal moves.
    """

    accounts: AccountColumns
    roster: RosterColumns
    demands: tuple[Demand, ...]
    locks: Locks
    fit: Fit
    unit: Ints
    churn_km: Floats
    max_km: Floats
    mode: Mode = Mode.HOMES
    centres: tuple[Floats, Floats] | None = None
    gap_km: float | None = None
    one_piece: Flags | None = None
    seed: int = 0
