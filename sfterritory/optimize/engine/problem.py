"""What the engine solves: accounts and reps as columns, in an order that the caller fixes.

Rows are sorted by the caller (by id), so that the plan does not depend on the order of a file;
inside, every tie goes to the lower row and then to the lower rep.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.model.sphere import Vectors
from sfterritory.optimize.engine.terms import Terms, make_terms

_ROWS_NAMED = 10
_UNIT_SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class Measure:
    """An amount that every territory holds within limits.

    Attributes:
        name: What it is called in messages, with its unit.
        amount: Of each account, at least 0, shape (n,).
        lo: Least load of each rep, shape (k,).
        hi: Most load of each rep, at least `lo`, shape (k,).
    """

    name: str
    amount: Floats
    lo: Floats
    hi: Floats


@dataclass(frozen=True, slots=True)
class Problem:
    """Accounts (n rows) to divide between reps (k columns).

    The cost of account i with rep j is hours_i x (km_ij + extra_km of its group with j
    + churn_km_i where j is not its rep), and more where km_ij is beyond max_km_j.

    Attributes:
        vectors: Unit vectors of the accounts, shape (n, 3).
        measures: Amounts in bands; the first is the workload in hours, which distances weigh.
        rep: Today's rep, -1 for none, shape (n,).
        lock: The rep that must have the account, -1 where it is free, shape (n,). A lock outranks
            `extra_km`; one that contradicts it is reported as a conflict.
        homes: Unit vectors of the homes, a row of NaN where the centre is free, shape (k, 3).
        churn_km: What it costs to move an hour of the account to another rep, shape (n,).
        max_km: Longest distance to the centre of each rep, infinite where there is none; farther
            only where nothing else is possible, shape (k,).
        group: Row of `extra_km` for each account, shape (n,).
        extra_km: What a rep costs more for accounts of a group: 0 where it fits, above 0 where
            another is preferred, infinite where it may never have them, shape (groups, k).
        one_piece: Whose territory has to hang together where that is asked for at all (`gap_km`),
            None for everybody, shape (k,).
    """

    vectors: Vectors
    measures: tuple[Measure, ...]
    rep: Ints
    lock: Ints
    homes: Vectors
    churn_km: Floats
    max_km: Floats
    group: Ints
    extra_km: Floats
    one_piece: Flags | None = None

    @classmethod
    def plain(
        cls,
        vectors: Vectors,
        measures: tuple[Measure, ...],
        *,
        rep: Ints,
        lock: Ints,
        homes: Vectors,
        churn_price_km: float = 0.0,
    ) -> Problem:
        """Return a problem in which anybody may have any account, at any distance."""
        n, k = len(vectors), len(homes)
        return cls(
            vectors,
            measures,
            rep,
            lock,
            homes,
            churn_km=np.full(n, churn_price_km),
            max_km=np.full(k, np.inf),
            group=np.zeros(n, dtype=np.int32),
            extra_km=np.zeros((1, k)),
        )

    def __post_init__(self) -> None:
        problems = [*_account_problems(self), *_measure_problems(self), *_rep_problems(self)]
        problems = problems or _fit_problems(self)
        if problems:
            raise ValueError("\n".join(problems))

    @property
    def hours(self) -> Floats:
        """Return the workload of each account, shape (n,)."""
        return self.measures[0].amount

    @property
    def n_reps(self) -> int:
        """Return the number of reps."""
        return len(self.homes)

    @property
    def free_centre(self) -> Flags:
        """Return which reps have no home, shape (k,)."""
        free: Flags = np.isnan(self.homes[:, 0])
        return free

    @property
    def held_together(self) -> Flags:
        """Return whose territory has to hang together where that is asked for, shape (k,)."""
        everybody = np.ones(self.n_reps, dtype=np.bool_)
        return everybody if self.one_piece is None else self.one_piece

    @property
    def terms(self) -> Terms:
        """Return what reps cost beyond distance and churn, as the compiled loops take it."""
        return make_terms(self.max_km, self.extra_km)

    def loads(self, territory: Ints) -> Floats:
        """Return the load of each rep in each measure, shape (measures, k)."""
        return np.vstack(
            [
                np.bincount(territory, weights=measure.amount, minlength=self.n_reps)
                for measure in self.measures
            ]
        )


def equal_bands(amount: Floats, share: Floats, *, tolerance: float, name: str = "hours") -> Measure:
    """Return a measure whose bands lie `tolerance` (a share) round each rep's part of the total."""
    target = amount.sum() * share / share.sum()
    return Measure(name, amount, target * (1.0 - tolerance), target * (1.0 + tolerance))


def _account_problems(problem: Problem) -> list[str]:
    n, k = len(problem.vectors), len(problem.homes)
    found = []
    columns = (problem.rep, problem.lock, problem.churn_km, problem.group)
    if problem.vectors.shape != (n, 3) or any(column.shape != (n,) for column in columns):
        return [f"columns of {n} accounts have other lengths: give one row per account in each"]
    length = np.sqrt((problem.vectors * problem.vectors).sum(axis=1))
    wrong = ~(np.abs(length - 1.0) <= _UNIT_SLACK)
    found += named(wrong, "have no place on the Earth (not a unit vector): locate them first")
    for name, column in (("rep", problem.rep), ("lock", problem.lock)):
        found += named((column < -1) | (column >= k), f"name a {name} outside -1 to {k - 1}")
    wrong = ~((problem.churn_km >= 0) & np.isfinite(problem.churn_km))
    found += named(wrong, "have a churn_km that is not a number of at least 0")
    return found


def _measure_problems(problem: Problem) -> list[str]:
    n, k = len(problem.vectors), len(problem.homes)
    found = [] if problem.measures else ["no measure: give at least the workload in hours"]
    for measure in problem.measures:
        name, lo, hi = measure.name, measure.lo, measure.hi
        if len(measure.amount) != n or len(lo) != k or len(hi) != k:
            found.append(f"{name}: one amount per account and one band per rep are needed")
            continue
        wrong = ~(measure.amount >= 0) | np.isinf(measure.amount)
        found += named(wrong, f"have {name} that are negative or not a number")
        bad = ~((lo >= 0) & (lo <= hi))
        found += named(bad, f"have a band of {name} that is not 0 <= lo <= hi", kind="reps")
    return found


def _rep_problems(problem: Problem) -> list[str]:
    homes = problem.homes
    if homes.ndim != 2 or homes.shape[1] != 3 or len(homes) == 0:
        return ["no rep: give at least one row of homes, NaN where a centre is free"]
    length = np.sqrt((homes * homes).sum(axis=1))
    wrong = ~np.isnan(homes).all(axis=1) & ~(np.abs(length - 1.0) <= _UNIT_SLACK)
    found = named(wrong, "have a home that is neither a unit vector nor NaN", kind="reps")
    if problem.max_km.shape != (len(homes),):
        return [*found, "max_km: give one distance per rep, infinite where there is none"]
    if problem.one_piece is not None and problem.one_piece.shape != (len(homes),):
        found.append("one_piece: give one flag per rep, or None for everybody")
    found += named(
        ~(problem.max_km > 0), "have a max_km that is not above 0 (infinite: no limit)", kind="reps"
    )
    return found


def _fit_problems(problem: Problem) -> list[str]:
    """Return what is wrong with who may have what; columns are known to have the right lengths."""
    extra, k = problem.extra_km, problem.n_reps
    if extra.ndim != 2 or extra.shape[1] != k or len(extra) == 0:
        return [f"extra_km: give at least one group, and {k} reps in each"]
    found = named(~np.all(extra >= 0, axis=1), "have an extra_km below 0 or NaN", kind="groups")
    wrong = (problem.group < 0) | (problem.group >= len(extra))
    found += named(wrong, f"name a group outside 0 to {len(extra) - 1}")
    if not found:
        nobody = np.all(np.isinf(extra), axis=1)[problem.group] & (problem.lock < 0)
        found += named(nobody, "may go to no rep: allow one of them, or lock the account")
    return found


def named(wrong: NDArray[np.bool_], what: str, *, kind: str = "rows") -> list[str]:
    """Return a message with the numbers of what is wrong, none where nothing is."""
    rows = np.flatnonzero(wrong)
    if len(rows) == 0:
        return []
    some = ", ".join(str(row) for row in rows[:_ROWS_NAMED])
    more = f" and {len(rows) - _ROWS_NAMED} more" if len(rows) > _ROWS_NAMED else ""
    return [f"{kind} {some}{more} {what}"]
