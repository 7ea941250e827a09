"""Fit: which reps may have which accounts, from `reserved` and from the land between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sfterritory.model.columns import Flags, Floats, Ints, RecordColumns
from sfterritory.optimize.request import Fit
from sfterritory.pipeline.construction.book import Book
from sfterritory.routing.conditions import compile_mask
from sfterritory.settings.project import Settings
from sfterritory.settings.territories import Reserved

Bits = NDArray[np.int64]

_FROZEN = "not planned again"


def reserved_fit(settings: Settings, book: Book) -> Fit:
    """Return the groups that `reserved` makes: accounts under the same entries are one group."""
    reserved = settings.territories.reserved
    n, k = len(book.accounts), len(book.roster)
    if not reserved:
        return open_to_all(n, k)
    reps: NDArray[np.bool_] = np.vstack([_reps(settings, book, one) for one in reserved])
    combination: Bits = np.zeros(n, dtype=np.int64)
    for at, one in enumerate(reserved):
        held = book.matching(one.accounts, settings, path=("reserved", at, "accounts"))
        combination |= held.astype(np.int64) << at
    found, group = np.unique(combination, return_inverse=True)
    extra_km = np.vstack([_extra_km(int(bits), reserved, reps) for bits in found])
    cause = tuple(
        ", ".join(one.name for at, one in enumerate(reserved) if bits >> at & 1)
        for bits in found.tolist()
    )
    return Fit(group.astype(np.int32), extra_km, cause)


def open_to_all(n: int, k: int) -> Fit:
    """Return the fit of `n` accounts that each of `k` reps may have."""
    return Fit(np.zeros(n, dtype=np.int32), np.zeros((1, k)), ("",))


def both(one: Fit, other: Fit) -> Fit:
    """Return the fit that has to satisfy two at once: what each costs is added."""
    width = len(other.cause)
    pairs, group = np.unique(one.group.astype(np.int64) * width + other.group, return_inverse=True)
    first, second = np.divmod(pairs, width)
    return Fit(
        group.astype(np.int32),
        one.extra_km[first] + other.extra_km[second],
        tuple(
            ", ".join(filter(None, (one.cause[a], other.cause[b])))
            for a, b in zip(first.tolist(), second.tolist(), strict=True)
        ),
    )


def frozen_fit(settled: Ints, frozen: Flags) -> Fit:
    """Return the fit that keeps what is planned apart from what is not.

    Args:
        settled: Frozen rep that has the account, -1 for none, shape (n,).
        frozen: Reps who are not planned again, shape (k,).
    """
    if not frozen.any():
        return open_to_all(len(settled), len(frozen))
    extra_km = np.where(np.vstack((frozen, ~frozen)), np.inf, 0.0)
    return Fit((settled >= 0).astype(np.int32), extra_km, ("", _FROZEN))


def nobody_may(fit: Fit) -> Flags:
    """Return which accounts no rep may have, shape (n,)."""
    shut: Flags = np.all(np.isinf(fit.extra_km), axis=1)
    return shut[fit.group]


def parts(fit: Fit) -> tuple[Ints, Ints]:
    """Return the part of each account and of each rep: between parts nothing can be shared out."""
    groups, k = fit.extra_km.shape
    at, rep = np.nonzero(np.isfinite(fit.extra_km))
    edges = coo_array((np.ones(len(at)), (at, groups + rep)), shape=(groups + k, groups + k))
    _, part = connected_components(edges, directed=False)
    return part[:groups][fit.group].astype(np.int32), part[groups:].astype(np.int32)


def parts_with_locks(fit: Fit, lock: Ints) -> tuple[Ints, Ints]:
    """Return the parts as `parts` does; an account that is locked is of the part of its rep."""
    account_part, rep_part = parts(fit)
    return np.where(lock >= 0, rep_part[lock], account_part).astype(np.int32), rep_part


def _reps(settings: Settings, book: Book, one: Reserved) -> Flags:
    roster = book.roster
    columns = RecordColumns("User", roster.ids, roster.attributes)
    return compile_mask(one.reps, columns, lists=settings.lists)


def _extra_km(bits: int, reserved: tuple[Reserved, ...], reps: NDArray[np.bool_]) -> Floats:
    """Return what each rep costs more for accounts under the entries of `bits`, shape (k,)."""
    extra = np.zeros(reps.shape[1])
    bound = np.zeros(reps.shape[1], dtype=np.bool_)
    served = bound.copy()
    for at, one in enumerate(reserved):
        inside = bool(bits >> at & 1)
        if inside:
            dear = np.inf if one.prefer_km is None else one.prefer_km
            extra = np.where(reps[at], extra, extra + dear)
        if one.only:
            bound |= reps[at]
            served |= reps[at] & inside
    kept: Floats = np.where(bound & ~served, np.inf, extra)
    return kept
