"""Continuity: whoever has had an account for long, or worked with it, keeps it sooner."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from pipeline.conftest import PULLED_AT
from sfterritory.errors import ConfigError
from sfterritory.model.ids import to_18
from sfterritory.model.store.pull_state import Bookmark, Pulled
from sfterritory.model.store.store import Store
from sfterritory.pipeline.build import BuildOptions, build
from sfterritory.pipeline.construction.book import Book, load_book
from sfterritory.pipeline.construction.continuity import churn_factor
from sfterritory.pipeline.people import load_people
from sfterritory.settings.project import Settings, load_settings

FILE = "mappings/territories.yaml"
DAY = timedelta(days=1)


def weighing(project: Path, weights: str) -> Settings:
    """Return the project with these weights, and nothing else that keeps owners."""
    path = project / FILE
    text = path.read_text(encoding="utf-8")
    line = next(one for one in text.splitlines() if one.startswith("  churn_price_km: 30"))
    path.write_text(text.replace(line, f"  churn_price_km: 30\n  churn_weights: {weights}"))
    return load_settings(project, {})


def book_of(settings: Settings, store: Store) -> Book:
    return load_book(settings, store, load_people(settings, store))


def changed(store: Store, moments: Mapping[str, datetime]) -> None:
    """Let owners have got these accounts at these moments, and nothing else be known of changes."""
    with closing(sqlite3.connect(store.place)) as database, database:
        database.execute("DELETE FROM owner_history")
    owners = store.mirror.owners("Account")
    somebody = next(one for one in owners.values() if one)
    header = ["Id", "AccountId", "Field", "OldValue", "NewValue", "CreatedById", "CreatedDate"]
    rows = [
        [to_18(f"017T{one[4:15]}"), one, "Owner", somebody, owners[one] or "", somebody, _text(at)]
        for one, at in sorted(moments.items())
    ]
    _load(store, "AccountHistory", header, rows)


def met(store: Store, times: Mapping[tuple[str, str], int]) -> None:
    """Let users have completed so many tasks with accounts."""
    header = ["Id", "AccountId", "OwnerId", "IsClosed", "SystemModstamp"]
    whole = [who for who, count in sorted(times.items()) for _ in range(count)]
    rows = [
        [to_18(f"00T{number:012d}"), account, owner, "true", _text(PULLED_AT)]
        for number, (account, owner) in enumerate(whole, start=900_000)
    ]
    _load(store, "Task", header, rows)


def _load(store: Store, name: str, header: list[str], rows: list[list[str]]) -> None:
    store.mirror.load_page(name, header, rows, bookmark=Bookmark("j", None, None, PULLED_AT))
    store.mirror.finish(name, Pulled(PULLED_AT, tuple(header)))


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_tenure_counts_days_from_the_last_change_and_else_from_the_creation(
    project: Path, store: Store
) -> None:
    settings = weighing(project, "{tenure: 2}")
    book = book_of(settings, store)
    first, second, *rest = book.accounts.ids.tolist()
    moments = {first: PULLED_AT - 300 * DAY, **dict.fromkeys(rest, PULLED_AT - 100 * DAY)}
    changed(store, moments)
    created = store.created("Account")[second]

    factor, notes = churn_factor(settings, store, book, taken_at=PULLED_AT)

    days = np.array([300.0, (PULLED_AT - created) / DAY, *[100.0] * len(rest)])
    assert factor == pytest.approx(1 + 2 * days / days.mean())
    assert [f"of 1 of {len(days):,} accounts" in one for one in notes] == [True]


def test_a_relationship_counts_what_the_present_owner_did_with_the_account(
    project: Path, store: Store
) -> None:
    settings = weighing(project, "{relationship: 3}")
    book = book_of(settings, store)
    with pytest.raises(ConfigError, match="relationship counts tasks and events, and neither"):
        churn_factor(settings, store, book, taken_at=PULLED_AT)
    owners = store.mirror.owners("Account")
    first, second = book.accounts.ids[:2].tolist()
    other = next(one for one in owners.values() if one and one != owners[second])

    met(store, {(first, owners[first] or ""): 4, (second, other): 9})

    factor, _ = churn_factor(settings, store, book, taken_at=PULLED_AT)
    assert factor[0] == pytest.approx(1 + 3 * len(book.accounts))  # 4 over a mean of 4 / n
    assert np.ptp(factor[1:]) == 0


def test_a_date_field_counts_as_days_and_a_text_field_is_refused(
    project: Path, store: Store
) -> None:
    settings = weighing(project, "{CreatedDate: 1}")
    book = book_of(settings, store)

    factor, _ = churn_factor(settings, store, book, taken_at=PULLED_AT)

    created = store.created("Account")
    days = np.array([(PULLED_AT - created[one]) / DAY for one in book.accounts.ids.tolist()])
    assert factor == pytest.approx(1 + days / days.mean(), rel=1e-6)
    text = (project / FILE).read_text()
    (project / FILE).write_text(text.replace("{CreatedDate: 1}", "{Name: 1}"))
    settings = load_settings(project, {})
    with pytest.raises(ConfigError, match=r"churn_weights: Account\.Name holds neither numbers"):
        churn_factor(settings, store, book_of(settings, store), taken_at=PULLED_AT)


@pytest.mark.slow
def test_an_account_that_is_held_for_long_stays_where_the_same_account_held_briefly_moves(
    project: Path, store: Store
) -> None:
    settings = weighing(project, "{tenure: 100}")
    ids = book_of(settings, store).accounts.ids.tolist()
    owners = store.mirror.owners("Account")
    fresh, long = PULLED_AT - DAY, PULLED_AT - 3000 * DAY

    def reps() -> dict[str, str | None]:
        options = BuildOptions(curve=False, accept_limits="a test")
        made = build(settings, store, now=PULLED_AT, holder="ann", options=options).version
        rep_of = {one.key: one.rep_id for one in store.territories.territories(made)}
        found = store.territories.alignment(made)
        keys = found.territory.values()
        return {
            one: rep_of[key]
            for one, key in zip(found.account_ids.tolist(), keys, strict=True)
            if key is not None
        }

    changed(store, dict.fromkeys(ids, fresh))
    roster = {*reps().values()}
    moved = [one for one, rep in reps().items() if owners[one] in roster and owners[one] != rep]
    held = moved[0]
    changed(store, {one: long if one == held else fresh for one in ids})

    assert reps()[held] == owners[held]
