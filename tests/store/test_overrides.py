from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from sfterritory.errors import StoreError
from sfterritory.model.store.adjustment import NewAdjustment
from sfterritory.model.store.override import Ending, NewOverride
from sfterritory.model.store.store import Store

from .records import NOW, record_id

ONE, TWO = record_id("001", 1), record_id("001", 2)
REP = record_id("005", 1)
LAST_DAY = date(2026, 5, 31)
LATER = NOW + timedelta(hours=1)


def test_an_override_comes_back_with_its_author_and_its_end(store: Store) -> None:
    new = [NewOverride(ONE, REP, LAST_DAY, "agreed"), NewOverride(TWO, REP, LAST_DAY, "so too")]
    first, second = store.overrides.add(new, by="ann", at=NOW)

    ended = store.overrides.end(first.number, Ending("moved on", "ben", LATER))

    assert store.overrides.list() == (ended, second)
    assert (ended.by, ended.at, ended.until) == ("ann", NOW, LAST_DAY)
    assert ended.end == Ending("moved on", "ben", LATER)
    assert second.end is None


def test_an_override_counts_from_its_making_through_its_last_day(store: Store) -> None:
    (one,) = store.overrides.add([NewOverride(ONE, REP, LAST_DAY, "agreed")], by="ann", at=NOW)
    midnight = datetime(2026, 6, 1, tzinfo=UTC)

    assert not one.counts(NOW - timedelta(seconds=1))
    assert one.counts(NOW)
    assert one.counts(midnight - timedelta(seconds=1))
    assert not one.counts(midnight)


def test_an_ended_override_still_counts_for_the_time_before(store: Store) -> None:
    (one,) = store.overrides.add([NewOverride(ONE, REP, LAST_DAY, "agreed")], by="ann", at=NOW)

    ended = store.overrides.end(one.number, Ending("moved on", "ben", LATER))

    assert ended.counts(NOW)
    assert not ended.counts(LATER)


def test_an_override_is_ended_once_and_has_to_exist(store: Store) -> None:
    (one,) = store.overrides.add([NewOverride(ONE, REP, LAST_DAY, "agreed")], by="ann", at=NOW)
    store.overrides.end(one.number, Ending("moved on", "ben", LATER))

    with pytest.raises(StoreError, match="ended by ben on 2026-05-01: moved on"):
        store.overrides.end(one.number, Ending("again", "cat", LATER))
    with pytest.raises(StoreError, match="no override 99"):
        store.overrides.end(99, Ending("again", "cat", LATER))


def test_an_adjustment_comes_back_and_counts_until_it_is_withdrawn(store: Store) -> None:
    new = NewAdjustment("ab12cd34", "t1", ONE, 12.0, 8.0, 3.25, "over capacity")
    (one,) = store.adjustments.accept([new], decision=Ending("too far", "ann", NOW)).adjustments

    ended = store.adjustments.withdraw(one.number, Ending("back", "ben", LATER))

    assert store.adjustments.list() == (ended,)
    assert (ended.calls_before, ended.calls_after, ended.hours_saved) == (12.0, 8.0, 3.25)
    assert one.counts(LATER)
    assert ended.counts(NOW)
    assert not ended.counts(LATER)
    with pytest.raises(StoreError, match="withdrawn by ben"):
        store.adjustments.withdraw(one.number, Ending("again", "cat", LATER))
