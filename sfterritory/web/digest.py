"""What a reader wants to know of a plan before its lines: figures, groups and history fields.

Pure functions of the plan; the terminal, Markdown, Excel and HTML renderings show the same ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sfterritory.model.ids import QUEUE_PREFIX
from sfterritory.model.plan import (
    BlockedChange,
    FieldRole,
    FieldWrite,
    OwnerChange,
    OwnerTotals,
    Plan,
)


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """Everything one owner gets, heaviest line first."""

    owner_id: str
    owner_name: str
    changes: tuple[OwnerChange, ...]
    value_usd: float
    hours_per_year: float

    @property
    def territories(self) -> tuple[str, ...]:
        """Return the territories these lines belong to, in alphabetical order."""
        return tuple(sorted({change.territory for change in self.changes if change.territory}))


@dataclass(frozen=True, slots=True)
class BlockedGroup:
    """Every wanted change that one cause holds back, in order of record."""

    cause: str
    lines: tuple[BlockedChange, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """How far the furthest book lies from the mean, as a share of the mean, before and after.

    0.05 means that every rep is within 5 % of the mean. None where there is nothing to compare.
    """

    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """What the plan moves, and what that does to the balance.

    The shares are of all reps' books before the plan; None where those are empty.
    """

    moved_hours_per_year: float
    moved_value_usd: float
    hours_share: float | None
    value_share: float | None
    hours_spread: Spread
    value_spread: Spread


@dataclass(frozen=True, slots=True)
class HistoryField:
    """A field that is written beside the owner, on how many records, and one of them.

    Attributes:
        overwritten: On how many of the records the field is not empty now.
    """

    object_name: str
    field: str
    role: FieldRole
    records: int
    overwritten: int
    example: FieldWrite
    example_name: str


@dataclass(frozen=True, slots=True)
class KeptField:
    """A field that is never sent and is proved unchanged by the read-back."""

    object_name: str
    field: str
    records: int


def grouped_changes(changes: Iterable[OwnerChange]) -> tuple[ChangeGroup, ...]:
    """Return the changes per new owner; owners who get the most value come first."""
    lines_of: dict[str, list[OwnerChange]] = defaultdict(list)
    for change in changes:
        lines_of[change.after].append(change)
    groups = [
        ChangeGroup(
            owner_id,
            lines[0].after_name,
            tuple(sorted(lines, key=_heaviest_first)),
            value_usd=sum(line.value_usd for line in lines),
            hours_per_year=sum(line.hours_per_year for line in lines),
        )
        for owner_id, lines in lines_of.items()
    ]
    return tuple(
        sorted(groups, key=lambda g: (-g.value_usd, -g.hours_per_year, g.owner_name, g.owner_id))
    )


def first_changes(groups: Sequence[ChangeGroup], limit: int | None) -> tuple[ChangeGroup, ...]:
    """Return the groups cut to the first `limit` lines in all; None keeps every line."""
    if limit is None:
        return tuple(groups)
    kept: list[ChangeGroup] = []
    left = limit
    for group in groups:
        if left <= 0:
            break
        lines = group.changes[:left]
        left -= len(lines)
        kept.append(
            ChangeGroup(
                group.owner_id, group.owner_name, lines, group.value_usd, group.hours_per_year
            )
        )
    return tuple(kept)


def grouped_blocked(blocked: Iterable[BlockedChange]) -> tuple[BlockedGroup, ...]:
    """Return the blocked lines per cause, the commonest cause first."""
    lines_of: dict[str, list[BlockedChange]] = defaultdict(list)
    for line in blocked:
        lines_of[line.cause].append(line)
    groups = [BlockedGroup(cause, tuple(lines)) for cause, lines in lines_of.items()]
    return tuple(sorted(groups, key=lambda group: (-len(group.lines), group.cause)))


def key_figures(plan: Plan) -> KeyFigures:
    """Return what moves and how even the books are.

    Evenness is asked of the owners who have a territory, where any has: managers and people who
    left own accounts too, and nobody wants their books as large as the others.
    """
    people = [book for book in plan.totals if not book.owner_id.startswith(QUEUE_PREFIX)]
    books = [book for book in people if book.territory is not None] or people
    hours = sum(change.hours_per_year for change in plan.changes)
    value = sum(change.value_usd for change in plan.changes)
    return KeyFigures(
        moved_hours_per_year=hours,
        moved_value_usd=value,
        hours_share=_share(hours, sum(book.hours_before for book in people)),
        value_share=_share(value, sum(book.value_before_usd for book in people)),
        hours_spread=Spread(
            _spread([book.hours_before for book in books]),
            _spread([book.hours_after for book in books]),
        ),
        value_spread=Spread(
            _spread([book.value_before_usd for book in books]),
            _spread([book.value_after_usd for book in books]),
        ),
    )


def changed_books(totals: Iterable[OwnerTotals]) -> tuple[OwnerTotals, ...]:
    """Return the owners whose book changes, those with most records moved first."""
    books = [
        book for book in totals if book.gained or book.lost or book.hours_before != book.hours_after
    ]
    return tuple(
        sorted(books, key=lambda book: (-(book.gained + book.lost), book.name, book.owner_id))
    )


def history_fields(changes: Iterable[OwnerChange]) -> tuple[HistoryField, ...]:
    """Return every field that is written beside the owner, by object and field."""
    seen: dict[tuple[str, str, FieldRole], list[tuple[FieldWrite, str]]] = defaultdict(list)
    for change in changes:
        for write in change.writes:
            key = (change.subject.object_name, write.field, write.role)
            seen[key].append((write, change.subject.name))
    return tuple(
        HistoryField(
            object_name,
            field,
            role,
            records=len(writes),
            overwritten=sum(write.before not in (None, "") for write, _ in writes),
            example=writes[0][0],
            example_name=writes[0][1],
        )
        for (object_name, field, role), writes in sorted(seen.items(), key=lambda item: item[0])
    )


def kept_fields(changes: Iterable[OwnerChange]) -> tuple[KeptField, ...]:
    """Return every field that stays as it is, by object and field."""
    records: dict[tuple[str, str], int] = defaultdict(int)
    for change in changes:
        for kept in change.preserved:
            records[change.subject.object_name, kept.field] += 1
    return tuple(KeptField(*key, number) for key, number in sorted(records.items()))


def _heaviest_first(change: OwnerChange) -> tuple[float, float, str]:
    return (-change.value_usd, -change.hours_per_year, change.key)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _spread(loads: Sequence[float]) -> float | None:
    mean = sum(loads) / len(loads) if loads else 0.0
    return max(abs(load - mean) for load in loads) / mean if mean > 0 else None
