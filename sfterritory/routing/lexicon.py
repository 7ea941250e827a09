"""Text as rules compare it, and a vocabulary in which words are found by bisection."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import Ints


def fold(text: str) -> str:
    """Return the form in which text is compared: no case, no outer blanks, one way to write é."""
    return unicodedata.normalize("NFC", text.strip().casefold())


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A column's vocabulary, folded and sorted.

    Attributes:
        folded: The words in order; two spellings of one word stand side by side.
        codes: Each word's code in the column, shape (vocabulary,).
    """

    folded: tuple[str, ...]
    codes: Ints

    @classmethod
    def of(cls, vocabulary: Iterable[str]) -> Lexicon:
        """Fold and sort a vocabulary."""
        pairs = sorted((fold(word), code) for code, word in enumerate(vocabulary))
        codes = np.fromiter((code for _, code in pairs), dtype=np.int32, count=len(pairs))
        return cls(tuple(word for word, _ in pairs), codes)

    def blank(self) -> Ints:
        """Return the codes of words that hold nothing but blanks."""
        return self.equal("")

    def equal(self, word: str) -> Ints:
        """Return the codes of words that fold to the given one."""
        return self.codes[bisect_left(self.folded, word) : bisect_right(self.folded, word)]

    def starting(self, prefix: str) -> Ints:
        """Return the codes of words that begin with the folded prefix."""
        length = len(prefix)
        first = bisect_left(self.folded, prefix)
        last = bisect_right(self.folded, prefix, key=lambda word: word[:length])
        return self.codes[first:last]

    def passing(self, test: Callable[[str], bool]) -> Ints:
        """Return the codes of words that pass a test, which is asked once a word."""
        return self.codes[np.fromiter(map(test, self.folded), np.bool_, len(self.folded))]
