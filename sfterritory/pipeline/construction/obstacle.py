"""What a build tells of wishes that cannot be had, and of what is settled beforehand."""

from __future__ import annotations

from collections.abc import Sequence

from sfterritory.model.document import Document
from sfterritory.optimize.alignment import Conflict, Widening
from sfterritory.optimize.commitment import Commitment
from sfterritory.pipeline.construction.book import Book
from sfterritory.pipeline.construction.territory_summary import known


class ConflictFigures(Document):
    """A proof that something that was asked for cannot be had; ids are of those responsible."""

    code: str
    message: str
    demand: str
    amount: float
    reps: tuple[str, ...]
    accounts: tuple[str, ...]


class RelaxedLimit(Document):
    """One limit that has to give way in the smallest relaxation; see `alignment.Widening`."""

    demand: str
    rep: str
    lo: float
    hi: float | None
    by: float
    message: str


class CommitmentFigures(Document):
    """One thing that is settled beforehand; see `optimize.commitment.Commitment`."""

    kind: str
    cause: str
    accounts: int
    hours: float
    excess_hours: float
    cost_km_hours: float
    outside_without: int


def conflict_figures(conflicts: Sequence[Conflict], book: Book) -> tuple[ConflictFigures, ...]:
    """Return the conflicts with names instead of rows."""
    return tuple(
        ConflictFigures(
            code=one.code.value,
            message=one.message,
            demand=one.demand,
            amount=round(one.amount, 2),
            reps=tuple(book.roster.names[row] for row in one.reps),
            accounts=tuple(str(book.accounts.ids[row]) for row in one.rows),
        )
        for one in conflicts
    )


def relaxed_limits(relaxation: Sequence[Widening], book: Book) -> tuple[RelaxedLimit, ...]:
    """Return the limits to relax with names instead of rows."""
    return tuple(
        RelaxedLimit(
            demand=one.demand,
            rep=book.roster.names[one.rep],
            lo=round(one.lo, 2),
            hi=known(one.hi, 2),
            by=round(one.by, 2),
            message=one.message,
        )
        for one in relaxation
    )


def commitment_figures(commitments: Sequence[Commitment]) -> tuple[CommitmentFigures, ...]:
    """Return what is settled beforehand, rounded for people."""
    return tuple(
        CommitmentFigures(
            kind=one.kind.value,
            cause=one.cause,
            accounts=one.accounts,
            hours=round(one.hours, 2),
            excess_hours=round(one.excess_hours, 2),
            cost_km_hours=round(one.cost_km_hours, 2),
            outside_without=one.outside_without,
        )
        for one in commitments
    )
