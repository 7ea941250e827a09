from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from pipeline.books import located_ids, roster_of, save_version
from pipeline.conftest import PULLED_AT
from sfterritory.errors import ConfigError
from sfterritory.model.store.override import NewOverride
from sfterritory.model.store.pull_state import Bookmark
from sfterritory.model.store.store import Store
from sfterritory.pipeline.override import end_override, exception_count, override_locks
from sfterritory.pipeline.override_file import import_overrides
from sfterritory.pipeline.override_report import OverrideState, override_report
from sfterritory.pipeline.override_request import OverrideRequest, add_overrides
from sfterritory.pipeline.people import load_people
from sfterritory.pipeline.records import latest_snapshot
from sfterritory.pipeline.routing_facts import load_routable, load_territories
from sfterritory.settings.project import Settings

TODAY = PULLED_AT.date()
LAST_DAY = TODAY + timedelta(days=30)
AFTER = PULLED_AT + timedelta(days=31)


def put(settings: Settings, store: Store, account: str, rep: str) -> int:
    request = OverrideRequest(account=account, rep=rep, reason="agreed", until=str(LAST_DAY))
    (number,) = add_overrides(settings, store, [request], by="ann", now=PULLED_AT).added
    return number


def somebody_off_the_roster(settings: Settings, store: Store) -> str:
    on_roster = {*roster_of(settings, store).ids.tolist()}
    directory = load_people(settings, store).directory
    return min(
        one.id for one in directory.people.values() if one.is_assignable and one.id not in on_roster
    )


def merge(store: Store, loser: str, winner: str) -> None:
    """Mark an account as merged away, as a pull does."""
    store.mirror.load_page(
        "Account",
        ("Id", "IsDeleted", "MasterRecordId", "SystemModstamp"),
        [(loser, "true", winner, "2099-01-01T00:00:00.000Z")],
        bookmark=Bookmark("merge", None, None, PULLED_AT),
    )


def test_an_override_locks_its_account_with_its_words_until_its_day_is_over(
    settings: Settings, store: Store
) -> None:
    roster, ids = roster_of(settings, store), np.array(located_ids(store))
    put(settings, store, ids[3][:15], str(roster.ids[1]))

    locks = override_locks(store, roster, ids, now=PULLED_AT)
    later = override_locks(store, roster, ids, now=AFTER)

    assert np.flatnonzero(locks.rep >= 0).tolist() == [3]
    assert locks.rep[3] == 1
    assert locks.cause.value(3) == f"override by ann until {LAST_DAY}: agreed"
    assert not locks.leaves.any()
    assert (later.rep == -1).all()
    assert later.cause.value(3) is None


def test_an_account_of_somebody_off_the_roster_leaves_the_book_by_name(
    settings: Settings, store: Store
) -> None:
    roster, ids = roster_of(settings, store), np.array(located_ids(store))
    put(settings, store, ids[0], somebody_off_the_roster(settings, store))

    locks = override_locks(store, roster, ids, now=PULLED_AT)

    assert np.flatnonzero(locks.leaves).tolist() == [0]
    assert locks.rep[0] == -1
    assert ids[0] in locks.notes[0]
    assert "not on the roster" in locks.notes[0]


def test_routing_gives_an_account_that_left_the_book_to_whom_the_override_names(
    settings: Settings, store: Store
) -> None:
    ids = located_ids(store)
    stranger = somebody_off_the_roster(settings, store)
    put(settings, store, ids[0], stranger)
    save_version(
        settings, store, {one: None if one == ids[0] else "T1" for one in ids}, at=PULLED_AT
    )

    accounts, *_ = load_routable(
        settings,
        store,
        people=load_people(settings, store),
        territories=load_territories(store, snapshot_id=latest_snapshot(store).id),
    )

    owner = dict(
        zip(accounts.placed.records.ids.tolist(), accounts.territory_owner.tolist(), strict=True)
    )
    assert owner[ids[0]] == stranger
    assert owner[ids[1]] == str(roster_of(settings, store).ids[0])


def test_an_override_follows_its_account_into_the_one_it_was_merged_into(
    settings: Settings, store: Store
) -> None:
    roster, ids = roster_of(settings, store), np.array(located_ids(store))
    put(settings, store, ids[0], str(roster.ids[1]))
    merge(store, ids[0], ids[1])

    locks = override_locks(store, roster, ids[1:], now=PULLED_AT)

    assert locks.rep[0] == 1
    assert exception_count(store, now=PULLED_AT) == 1


def test_of_two_overrides_that_a_merge_brings_together_the_later_one_counts(
    settings: Settings, store: Store
) -> None:
    roster, ids = roster_of(settings, store), np.array(located_ids(store))
    put(settings, store, ids[0], str(roster.ids[1]))
    put(settings, store, ids[1], str(roster.ids[2]))
    merge(store, ids[0], ids[1])

    report = override_report(settings, store, now=PULLED_AT)

    assert override_locks(store, roster, ids[1:], now=PULLED_AT).rep[0] == 2
    assert [one.state for one in report.overrides] == [
        OverrideState.OUTRANKED,
        OverrideState.IN_FORCE,
    ]


def test_the_list_tells_state_cost_and_share_of_exceptions(
    settings: Settings, store: Store
) -> None:
    roster, ids = roster_of(settings, store), located_ids(store)
    ended = put(settings, store, ids[0], str(roster.ids[0]))
    put(settings, store, ids[1], str(roster.ids[0]))
    end_override(store, ended, by="ben", reason="moved on", now=PULLED_AT)
    save_version(settings, store, dict.fromkeys(ids, "T1"), at=PULLED_AT)

    short = override_report(settings, store, now=PULLED_AT)
    whole = override_report(settings, store, now=PULLED_AT, with_over=True)

    (one,) = short.overrides
    assert one.cost is not None
    assert (one.cost.territory, one.cost.hours_per_year, one.cost.extra_km) == ("Land T1", 10.0, 0)
    assert [entry.state for entry in whole.overrides] == [
        OverrideState.ENDED,
        OverrideState.IN_FORCE,
    ]
    assert (whole.overrides[0].ended_by, whole.overrides[0].end_reason) == ("ben", "moved on")
    assert short.counts == whole.counts
    assert short.exceptions_share == pytest.approx(1 / short.accounts, abs=1e-6)
    assert short.advice == ""


def test_what_an_override_costs_is_told_once_territories_heed_it(
    settings: Settings, store: Store
) -> None:
    roster, ids = roster_of(settings, store), located_ids(store)
    put(settings, store, ids[0], str(roster.ids[1]))
    save_version(settings, store, dict.fromkeys(ids, "T1"), at=PULLED_AT)

    (waiting,) = override_report(settings, store, now=PULLED_AT).overrides

    assert waiting.cost is None


def test_many_exceptions_are_called_a_matter_of_the_model(settings: Settings, store: Store) -> None:
    rep = str(roster_of(settings, store).ids[0])
    many = [NewOverride(one, rep, LAST_DAY, "agreed") for one in located_ids(store)[:20]]
    store.overrides.add(many, by="ann", at=PULLED_AT)

    assert "review" in override_report(settings, store, now=PULLED_AT).advice


def test_every_mistake_of_a_file_is_named_with_its_line_and_nothing_is_kept(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    good, twice, taken = located_ids(store)[:3]
    rep = str(roster_of(settings, store).ids[0])
    put(settings, store, taken, rep)
    file = tmp_path / "named.csv"
    file.write_text(
        "Account,Rep,Reason,Until,Remark\n"
        f"{good},{rep},agreed,{LAST_DAY},fine\n"
        f"{good[:-1]}9,{rep},agreed,{LAST_DAY},\n"
        f"003000000000001,Nobody At All,,{LAST_DAY},\n"
        f"{twice},{rep},agreed,31.12.2026,\n"
        f"{twice},{rep},agreed,{LAST_DAY},\n"
        f"{twice[:15]},{rep},agreed,{LAST_DAY},\n"
        f"{taken},{rep},another reason,{LAST_DAY},\n"
        f"{good},{rep},agreed,{TODAY - timedelta(days=1)},\n",
        encoding="utf-8",
    )

    with pytest.raises(ConfigError) as caught:
        import_overrides(settings, store, file, by="ann", now=PULLED_AT)

    lines = caught.value.problem.splitlines()
    assert all(line.startswith("named.csv: line") for line in lines)
    named = [line.partition("line")[2].lstrip("s ").partition(":")[0] for line in lines]
    assert named == ["3", "4", "4", "4", "5", "8", "9", "6, 7"]
    assert len(store.overrides.list()) == 1


def test_a_file_without_its_columns_is_refused(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    file = tmp_path / "named.csv"
    file.write_text("Account,Owner\nx,y\n", encoding="utf-8")

    with pytest.raises(ConfigError, match="no column rep, reason, until; it has Account, Owner"):
        import_overrides(settings, store, file, by="ann", now=PULLED_AT)


def test_importing_what_is_in_force_changes_nothing(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    account, rep = located_ids(store)[0], str(roster_of(settings, store).ids[0])
    file = tmp_path / "named.csv"
    file.write_text(
        f"account,rep,reason,until\n{account},{rep},'=agreed,{LAST_DAY}\n", encoding="utf-8"
    )

    first = import_overrides(settings, store, file, by="ann", now=PULLED_AT)
    again = import_overrides(settings, store, file, by="ben", now=PULLED_AT)

    assert (len(first.added), first.unchanged) == (1, 0)
    assert (again.added, again.unchanged) == ((), 1)
    assert store.overrides.list()[0].reason == "=agreed"
