"""One mistake in a rule book: where it is, what it is, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace

PathPart = str | int


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake that a person has to correct.

    Attributes:
        path: Keys and list positions from the top of the file to the mistake.
        text: What is wrong, with the value that was found.
        remedy: What to write instead, as an imperative sentence.
    """

    path: tuple[PathPart, ...]
    text: str
    remedy: str

    @property
    def where(self) -> str:
        """Return the path as people write it: `objects.Lead.rules[2].to.user`."""
        parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return "".join(parts).removeprefix(".")

    def under(self, *prefix: PathPart) -> Problem:
        """Return the same problem as seen from further up in the file."""
        return replace(self, path=(*prefix, *self.path))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.path else ""
        return f"{place}{self.text}; {self.remedy}"


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str) -> str:
    """Return a remedy that names the nearest known words, or `otherwise` when none is near."""
    spelling = {name.casefold(): name for name in sorted(known, reverse=True)}
    near = difflib.get_close_matches(word.casefold(), sorted(spelling), n=3, cutoff=0.7)
    if not near:
        return otherwise
    return f"did you mean {' or '.join(spelling[name] for name in near)}?"
