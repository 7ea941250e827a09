"""History fields said once for all the lines that write them alike.

Nearly every line writes the same fields from the same sources (the previous owner, the reason, the
time of apply). A pattern says that once under a letter; a line then shows its letter and only what
is its own: a value of no known source, or a value that is overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from string import ascii_uppercase

from sfterritory.model.plan import FieldWrite, OwnerChange
from sfterritory.web.wording import FILL_WORD, ROLE_WORD, scalar

_Pattern = tuple[tuple[str, str, str], ...]
OWN_VALUE = "the value on its line"


@dataclass(frozen=True, slots=True)
class DescribedPattern:
    """A letter, and (field, how, source of the value) of each field it stands for."""

    letter: str
    fields: _Pattern


@dataclass(frozen=True, slots=True)
class HistoryPatterns:
    """The patterns of one plan, in the order in which they first appear."""

    letter_of: dict[_Pattern, str]

    @classmethod
    def of(cls, changes: Iterable[OwnerChange]) -> HistoryPatterns:
        """Collect the patterns of all lines that write a field."""
        letters: dict[_Pattern, str] = {}
        for change in changes:
            if change.writes:
                letters.setdefault(_pattern(change), _letter(len(letters)))
        return cls(letters)

    @property
    def described(self) -> list[DescribedPattern]:
        """Return every pattern with its letter."""
        return [DescribedPattern(letter, fields) for fields, letter in self.letter_of.items()]

    def of_change(self, change: OwnerChange) -> str:
        """Return the letter of a line's pattern and what the pattern does not say."""
        if not change.writes:
            return ""
        own = [text for write in change.writes if (text := _own_text(write, change))]
        return "; ".join((self.letter_of[_pattern(change)], *own))


def _pattern(change: OwnerChange) -> _Pattern:
    return tuple(
        (write.field, ROLE_WORD[write.role], _source(write, change)) for write in change.writes
    )


def _source(write: FieldWrite, change: OwnerChange) -> str:
    """Return where the value comes from, in words that hold for other lines too."""
    if write.fill is not None:
        return FILL_WORD[write.fill]
    if write.after is None or write.after == "":
        return "empty"
    known = (
        (change.before, "id of the owner until now"),
        (change.before_name, "name of the owner until now"),
        (change.after, "id of the new owner"),
        (change.after_name, "name of the new owner"),
        (change.reason, "the reason"),
        (change.rule, "the rule"),
        (change.territory, "the territory"),
    )
    return next((words for value, words in known if value == write.after), OWN_VALUE)


def _own_text(write: FieldWrite, change: OwnerChange) -> str:
    is_own = _source(write, change) == OWN_VALUE
    was = "" if write.before in (None, "") else f"was {scalar(write.before)}"
    if is_own:
        return f"{write.field}: {scalar(write.after)}{f' ({was})' if was else ''}"
    return f"{write.field} {was}" if was else ""


def _letter(number: int) -> str:
    """Return A to Z, then A2, B2 ..."""
    round_number, index = divmod(number, len(ascii_uppercase))
    return ascii_uppercase[index] + (str(round_number + 1) if round_number else "")
