"""The name of a version: whatever is kept under it has a part in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.conftest import PULLED_AT
from sfterritory.model.store.override import Ending, NewOverride
from sfterritory.model.store.store import Store
from sfterritory.model.store.territory import TerritoryVersion
from sfterritory.pipeline.build import BuildOptions, build
from sfterritory.settings.project import Settings

QUICK = BuildOptions(curve=False, accept_limits="a trial")


def built(settings: Settings, store: Store, *, hours: int, options: BuildOptions = QUICK) -> str:
    now = PULLED_AT + timedelta(hours=hours)
    return build(settings, store, now=now, holder="ann", options=options).version


def latest(store: Store) -> TerritoryVersion:
    version = store.territories.latest()
    assert version is not None
    return version


def test_the_same_build_later_has_the_same_name(settings: Settings, store: Store) -> None:
    assert built(settings, store, hours=1) == built(settings, store, hours=2)


def test_a_price_curve_that_was_left_out_first_is_kept_by_the_next_build(
    settings: Settings, store: Store
) -> None:
    built(settings, store, hours=1)
    assert latest(store).metrics["curve"] == []

    built(settings, store, hours=2, options=replace(QUICK, curve=True))

    assert latest(store).metrics["curve"]


@pytest.mark.parametrize("which", [0, 1])
def test_an_override_of_another_account_in_the_same_words_is_told_of_that_account(
    settings: Settings, store: Store, which: int
) -> None:
    built(settings, store, hours=1)
    version = latest(store)
    first = store.territories.territories(version.id)[0]
    assert first.rep_id is not None
    found = store.territories.alignment(version.id)
    theirs = [
        account
        for account, key, locked in zip(
            found.account_ids.tolist(), found.territory.values(), found.locked.tolist(), strict=True
        )
        if key == first.key and not locked
    ][:2]
    for hours, account in ((2, theirs[which]), (4, theirs[1 - which])):
        at = PULLED_AT + timedelta(hours=hours)
        new = NewOverride(account, first.rep_id, (at + timedelta(days=9)).date(), "promised")
        (kept,) = store.overrides.add([new], by="ann", at=at)
        built(settings, store, hours=hours + 1)
        ending = Ending("over", "ann", at + timedelta(hours=1, minutes=1))
        store.overrides.end(kept.number, ending)

    lines = [store.territories.aligned(latest(store).id, one) for one in theirs]

    assert [one.locked for one in lines if one] == [which == 1, which == 0]
