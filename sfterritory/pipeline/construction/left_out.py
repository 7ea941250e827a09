"""Accounts in scope that are in no territory, each with its cause."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from sfterritory.errors import ConfigError
from sfterritory.model.columns import TextColumn
from sfterritory.optimize.request import Fit
from sfterritory.pipeline.construction.book import Book
from sfterritory.pipeline.construction.fit import nobody_may
from sfterritory.pipeline.override import OverrideLocks
from sfterritory.pipeline.what_if import OUTSIDE, Changed

_NOBODY_MAY = "no rep may have it"
_ONLY_RESERVED = "every rep is kept to accounts of `reserved` (only: true)"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Accounts in scope that are in no territory, and why.

    Attributes:
        ids: 18-character ids, ascending.
        cause: As reports say it.
    """

    ids: tuple[str, ...]
    cause: tuple[str, ...]


def left_out_causes(changed: Changed, over: OverrideLocks, fit: Fit) -> TextColumn:
    """Return why an account is in no territory, missing where it is in one.

    Somebody's override to another person goes first; one to a rep, or a lock, outweighs the rest.
    """
    words = [*over.cause.vocabulary, OUTSIDE]
    codes = np.where(over.leaves, over.cause.codes, -1).astype(np.int32)
    open_yet = (codes < 0) & (over.rep < 0)
    codes[open_yet & changed.left_out] = len(words) - 1
    held = changed.accounts.locked | (changed.settled >= 0) | changed.left_out
    nobody = np.flatnonzero(open_yet & ~held & nobody_may(fit))
    codes[nobody] = fit.group[nobody] + len(words)
    words += [f"{_NOBODY_MAY}: {cause or _ONLY_RESERVED}" for cause in fit.cause]
    return TextColumn(codes, tuple(words))


def somebody_left(cause: TextColumn) -> None:
    """Raise ConfigError where every account is left out: there is nothing to build."""
    if (cause.codes < 0).any():
        return
    count = Counter(cause.values())
    raise ConfigError(
        f"none of {len(cause.codes):,} accounts in scope may be in a territory:\n"
        + "\n".join(f"{number:,}: {word}" for word, number in sorted(count.items(), key=str)),
        remedy="correct `reserved` or the restricted areas in mappings/territories.yaml, "
        "or the change that left them out; nothing was built",
    )


def left_out(book: Book, cause: TextColumn) -> LeftOut:
    """Return the accounts that have a cause, in the order of their ids."""
    rows = np.flatnonzero(cause.codes >= 0)
    return LeftOut(
        tuple(book.accounts.ids[rows].tolist()),
        tuple(cause.vocabulary[code] for code in cause.codes[rows].tolist()),
    )
