"""Locks: accounts whose rep is settled, each with what settled it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np

from sfterritory.errors import ConfigError
from sfterritory.model.columns import MISSING_CODE, Flags, Ints, TextColumn
from sfterritory.model.store.store import Store
from sfterritory.optimize.request import Locks
from sfterritory.pipeline.construction.book import Book
from sfterritory.pipeline.people import TERRITORIES_FILE
from sfterritory.pipeline.records import typed
from sfterritory.routing.conditions import compile_mask
from sfterritory.routing.field_kind import check_condition, field_kinds
from sfterritory.settings.project import Settings
from sfterritory.settings.territories import LockRule

_PARENT = "AccountId"
_CHILDREN = {"Opportunity": "opportunity", "Case": "case"}
_MILLISECONDS = timedelta(milliseconds=1)

Settled = tuple[Ints, TextColumn]
"""A rep, -1 where none, and the cause, of each account."""


def held_to_owner(
    settings: Settings, store: Store, book: Book, *, taken_at: datetime
) -> TextColumn:
    """Return what holds each account to today's owner, missing where nothing does.

    The list goes before the condition, and that before the rules in the order of the file. An
    account whose owner is not on the roster cannot be held to them, and is free.

    Args:
        settings: Of the project.
        store: Where children of accounts are kept.
        book: The accounts.
        taken_at: When they were pulled: `within_days` counts from there.

    Raises:
        ConfigError: A rule asks what the records cannot answer.
    """
    rep, cause = book.accounts.rep, _Causes(len(book.accounts))
    for held, name in _of_the_file(settings, store, book, taken_at=taken_at):
        cause.add(held & (rep >= 0), name)
    return cause.column


def settled_by(*given: Settled) -> Locks:
    """Return locks; where several settle one account, the first does."""
    rep = np.full(len(given[0][0]), -1, dtype=np.int32)
    codes = rep.copy()
    words: list[str] = []
    for settled, why in given:
        new = (rep < 0) & (settled >= 0)
        rep[new] = settled[new]
        codes[new] = why.codes[new] + len(words)
        words += why.vocabulary
    return Locks(rep, TextColumn(codes, tuple(words)))


class _Causes:
    """Causes of accounts, added one after the other; the first of an account stays."""

    def __init__(self, count: int) -> None:
        self._codes = np.full(count, MISSING_CODE, dtype=np.int32)
        self._words: list[str] = []

    def add(self, rows: Flags, cause: str) -> None:
        """Give a cause to those of the rows that have none."""
        self._codes[rows & (self._codes == MISSING_CODE)] = len(self._words)
        self._words.append(cause)

    @property
    def column(self) -> TextColumn:
        """Return the causes."""
        return TextColumn(self._codes, tuple(self._words))


def _of_the_file(
    settings: Settings, store: Store, book: Book, *, taken_at: datetime
) -> Iterator[tuple[Flags, str]]:
    locks = settings.territories.locks
    if locks.list is not None:
        listed: Flags = np.isin(book.accounts.ids, sorted(settings.locked_ids))
        yield listed, f"list {locks.list}"
    if locks.where is not None:
        held = book.matching(locks.where, settings, path=("locks", "where"))
        yield held, "locks.where"
    for at, rule in enumerate(locks.rules):
        yield _of_rule(settings, store, book, at=at, rule=rule, taken_at=taken_at), rule.name


def _of_rule(
    settings: Settings, store: Store, book: Book, *, at: int, rule: LockRule, taken_at: datetime
) -> Flags:
    if rule.account is not None:
        return book.matching(rule.account, settings, path=("locks", "rules", at, "account"))
    if rule.date is not None:
        found = book.time(rule.date, path=("locks", "rules", at, "date"))
        day = np.datetime64(taken_at.date().isoformat(), "ms")
        length = timedelta(days=(rule.within_days or 0) + 1)  # the last day is one of them
        due: Flags = (found >= day) & (found < day + np.timedelta64(length // _MILLISECONDS, "ms"))
        return due
    object_name = "Opportunity" if rule.opportunity is not None else "Case"
    return _with_child(settings, store, book, object_name, at=at)


def _with_child(
    settings: Settings, store: Store, book: Book, object_name: str, *, at: int
) -> Flags:
    """Return which accounts have a child that the rule holds for."""
    path = ("locks", "rules", at, _CHILDREN[object_name])
    if object_name not in store.mirror.pulled():
        raise ConfigError(
            f"{TERRITORIES_FILE}: {'.'.join(map(str, path))}: {object_name} was not pulled",
            remedy=f"put {object_name} among pull.objects of mappings/salesforce.yaml, pull again",
        )
    condition = settings.territories.child_rules(object_name)[at]
    columns = store.mirror.columns(object_name, [_PARENT, *sorted(condition.fields)])
    problems = check_condition(
        condition, object_name=object_name, fields=field_kinds(columns), lists=settings.lists
    )
    if problems:
        raise ConfigError(
            "\n".join(f"{TERRITORIES_FILE}: {one.under(*path)}" for one in problems),
            remedy="correct the condition",
        )
    parents = typed(columns.fields[_PARENT], TextColumn)
    asked = np.unique(parents.codes[compile_mask(condition, columns, lists=settings.lists)])
    ids = [parents.vocabulary[code] for code in asked.tolist() if code >= 0]
    held: Flags = np.isin(book.accounts.ids, ids)
    return held
