"""Scenarios beside the territories that count: what they come to, and from when on one counts."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.conftest import PULLED_AT
from pipeline.test_planning import planned
from sfterritory.cli.render.scenario_letter import hand_overs_csv, people_markdown
from sfterritory.errors import ConfigError, SfTerritoryError, StepMissingError
from sfterritory.model.columns import TextColumn
from sfterritory.model.store.scenario import Scenario, ScenarioState
from sfterritory.model.store.store import Store
from sfterritory.model.store.territory import Alignment, Territory, TerritoryVersion
from sfterritory.model.what_if import WhatIf
from sfterritory.pipeline.build import build
from sfterritory.pipeline.opening import open_project_store
from sfterritory.pipeline.people import load_people, load_roster
from sfterritory.pipeline.route import route_all
from sfterritory.pipeline.scenario import clone, create, read_what_if, rebuild, remove
from sfterritory.pipeline.scenario_comparison import compare
from sfterritory.pipeline.scenario_date import activate, withdraw
from sfterritory.pipeline.scenario_entry import Acting, entries, entry
from sfterritory.pipeline.scenario_people import scenario_people
from sfterritory.pipeline.status import status
from sfterritory.pipeline.why import why
from sfterritory.settings.project import Settings, load_settings

DAY = timedelta(days=1)
ACTING = Acting(now=PULLED_AT, by="ann", holder="ann@here")
NOTHING = WhatIf()


def later(days: float) -> Acting:
    return replace(ACTING, now=PULLED_AT + days * DAY)


def first_rep(settings: Settings, store: Store) -> str:
    return str(load_roster(settings, store, load_people(settings, store)).ids[0])


def alignment(ids: list[str], keys: list[str]) -> Alignment:
    count = len(ids)
    nothing = TextColumn.of([None] * count)
    return Alignment(
        account_ids=np.array(ids),
        territory=TextColumn.of(keys),
        hours_per_year=np.full(count, 2.5),
        distance_km=np.full(count, 3.0),
        runner_up=nothing,
        runner_up_km=np.full(count, np.nan),
        locked=np.zeros(count, dtype=np.bool_),
        reason=nothing,
        would_change=nothing,
    )


def territory(key: str, rep_id: str | None, accounts: int) -> Territory:
    return Territory(key, f"Land {key}", rep_id, 2.5 * accounts, 0.0, accounts, 0.0, 0.0, b"")


METRICS: dict[str, Any] = {
    "after": {"travel": {"mean_km": 12.3456}},
    "demands": [
        {
            "name": "hours",
            "unit": "h",
            "before": [10.0, 30.0],
            "after": [18.0, 22.0],
            "target": [20.0, 20.0],
            "lo": [19.0, 19.0],
            "hi": [21.0, None],
        }
    ],
    "territories": {
        "T1": {"travel_hours_per_year": 4.0},
        "T2": {"travel_hours_per_year": 5.5},
    },
}


def drafted(store: Store, name: str, **version: Any) -> Scenario:
    """Keep a scenario of two territories: the first account to one owner, the rest to nobody."""
    snapshot = store.snapshots.latest()
    assert snapshot is not None
    ids = [*store.mirror.owners("Account")][:6]
    made = TerritoryVersion(f"version-{name}", snapshot.id, "p", 0, "feasible", METRICS, PULLED_AT)
    rows = (
        territory("T1", version.pop("rep", None), 3),
        territory("T2", "NEW-001", 3),
    )
    keys = ["T1", "T1", "T1", "T2", "T2", "T2"]
    made = replace(made, **version)
    store.territories.save(made, rows, alignment=alignment(ids, keys), choose=False)
    one = Scenario(f"id-{name}", name, PULLED_AT, "ann", "", "live", NOTHING, made.id, PULLED_AT)
    store.scenarios.add(one)
    return one


def test_making_and_comparing_scenarios_changes_nothing_that_routing_and_plans_see(
    settings: Settings, store: Store
) -> None:
    before = planned(settings, store, PULLED_AT).plan
    counting = store.territories.in_force(as_of=PULLED_AT)
    rep = first_rep(settings, store)

    made = create(
        settings, store, "less", what_if=WhatIf(without=(rep,), unlock=True), note="", acting=ACTING
    )
    clone(settings, store, "less", "same", what_if=NOTHING, note="a copy", acting=ACTING)
    compare(settings, store, ["live", "less", "same"], now=PULLED_AT)
    route_all(settings, store, now=PULLED_AT, holder="ann")

    after = planned(settings, store, PULLED_AT).plan
    assert made.version != before.source.territory_version
    assert after.hash == before.hash
    assert store.territories.in_force(as_of=PULLED_AT) == counting
    assert rep not in {one.rep_id for one in store.territories.territories(made.version)}
    assert entry(store, "same", now=PULLED_AT).version == made.version


@pytest.mark.slow
def test_until_its_day_routing_goes_by_what_counted_before_and_from_then_on_by_the_scenario(
    settings: Settings, store: Store
) -> None:
    live = build(settings, store, now=PULLED_AT, holder="ann").version
    found = create(
        settings,
        store,
        "growth",
        what_if=WhatIf.model_validate({"add": ["1"], "cadence": ["all*2"]}),
        note="",
        acting=ACTING,
    )
    activate(store, "growth", on=PULLED_AT + 10 * DAY, accepted="a test", acting=ACTING)

    def routed(days: float) -> str:
        now = PULLED_AT + days * DAY
        return route_all(settings, store, now=now, holder="ann").territory_version

    def seen(days: float) -> tuple[str | None, str | None, list[str]]:
        report = status(settings, store, now=PULLED_AT + days * DAY)
        ahead = [one.version for one in report.upcoming_territories]
        return report.territory_version, report.scenario, ahead

    assert (routed(9.9), seen(9.9)) == (live, (live, None, [found.version]))
    assert (routed(10), seen(10)) == (found.version, (found.version, "growth", []))
    assert entry(store, "growth", now=PULLED_AT + 11 * DAY).in_force
    aligned = store.territories.alignment(found.version)
    account = str(aligned.account_ids[aligned.territory.codes >= 0][0])
    told = why(settings, store, account, now=PULLED_AT)
    assert [one.scenario for one in told.upcoming] == ["growth"]
    assert told.upcoming[0].effective_at == PULLED_AT + 10 * DAY

    withdraw(store, "growth", acting=later(12))

    assert routed(13) == live


PEOPLE = """
version: 1
sources:
  - {name: hr, file: people/hr.csv, join: {Username: Login}, attributes: {area: Area}}
"""


def with_areas(project: Path, store: Store) -> Settings:
    """Return the project with two reps of the east, and the others of the west."""
    settings = load_settings(project, {})
    people = load_people(settings, store)
    reps = load_roster(settings, store, people).ids.tolist()
    logins = {one.id: one.username for one in people.users}
    rows = [f"{logins[rep]},{'East' if at < 2 else 'West'}" for at, rep in enumerate(reps)]
    mappings = project / "mappings"
    (mappings / "people").mkdir()
    (mappings / "people" / "hr.csv").write_text("\n".join(["Login,Area", *rows]), encoding="utf-8")
    (mappings / "people.yaml").write_text(PEOPLE, encoding="utf-8")
    file = mappings / "territories.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("levels: []", "levels: [area]"), encoding="utf-8")
    return load_settings(project, {})


def test_reps_outside_the_region_keep_every_account_and_get_none(
    project: Path, store: Store
) -> None:
    settings = with_areas(project, store)
    what_if = WhatIf.model_validate({"only": "area=east", "add": ["1@East"]})

    made = create(settings, store, "east", what_if=what_if, note="", acting=ACTING)

    rows = store.territories.territories(made.version)
    rep_of = {one.key: one.rep_id for one in rows}
    owners = store.mirror.owners("Account")
    aligned = store.territories.alignment(made.version)
    west = {one.rep_id for one in rows[2:] if one.rep_id is not None}
    pairs = [
        (owners[account_id], rep_of[key])
        for account_id, key in zip(
            aligned.account_ids.tolist(), aligned.territory.values(), strict=True
        )
        if key is not None
    ]
    assert len(west) == len(rows) - 3
    assert [pair for pair in pairs if west & {*pair} and pair[0] != pair[1]] == []
    assert {after for _, after in pairs if after not in west} == {
        rows[0].rep_id,
        rows[1].rep_id,
        None,
    }


def test_a_scenario_before_a_pull_names_the_step_that_is_missing(
    settings: Settings, tmp_path: Path
) -> None:
    elsewhere = replace(settings, store_url=f"sqlite:///{tmp_path / 'empty.db'}")
    with open_project_store(elsewhere) as empty:
        for act in (
            lambda: create(elsewhere, empty, "a", what_if=NOTHING, note="", acting=ACTING),
            lambda: compare(elsewhere, empty, ["a", "b"], now=PULLED_AT),
        ):
            with pytest.raises(StepMissingError, match="geography step"):
                act()


def test_comparing_with_what_counts_before_a_build_names_construction(
    settings: Settings, store: Store
) -> None:
    drafted(store, "one")

    with pytest.raises(StepMissingError, match="construction step"):
        compare(settings, store, ["live", "one"], now=PULLED_AT)


def test_what_moves_is_measured_against_the_owners_of_the_last_pull(
    settings: Settings, store: Store
) -> None:
    owners = store.mirror.owners("Account")
    ids = [*owners][:6]
    keeper = owners[ids[0]]
    drafted(store, "one", rep=keeper)

    figures = compare(settings, store, ["one"], now=PULLED_AT).compared[0].figures

    stay = [account_id for account_id in ids[:3] if owners[account_id] == keeper]
    moved = sorted(set(ids) - set(stay))
    value = settings.salesforce.account.value
    assert value is not None
    worth = {one: float(store.mirror.record("Account", one)[value] or 0) for one in ids}  # type: ignore[index]
    deals = store.mirror.columns("Opportunity", ["AccountId", "Amount", "IsClosed"]).fields
    columns = [
        column.values() if isinstance(column, TextColumn) else column.values.tolist()
        for column in deals.values()
    ]
    amounts = [
        amount
        for account_id, amount, closed in zip(*columns, strict=True)
        if account_id in moved and not closed
    ]
    assert figures.moved_accounts == len(moved)
    assert figures.moved_hours_per_year == 2.5 * len(moved)
    assert figures.moved_value_usd == pytest.approx(sum(worth[one] for one in moved))
    assert figures.moved_deals == len(amounts)
    assert figures.moved_pipeline == pytest.approx(np.nansum(amounts))
    assert (figures.territories, figures.vacancies, figures.gone) == (2, 1, 0)
    by_name = {one.name: one for one in figures.reps}
    vacant = by_name["vacant: Land T2"]
    assert (vacant.rep, vacant.accounts_before, vacant.accounts_after) == (None, 0, 3)
    assert vacant.value_usd_gained == pytest.approx(sum(worth[one] for one in ids[3:]))
    assert sum(one.value_usd_lost or 0 for one in figures.reps) == pytest.approx(
        figures.moved_value_usd
    )


def test_a_letter_tells_each_person_what_comes_and_what_goes(
    settings: Settings, store: Store
) -> None:
    owners = store.mirror.owners("Account")
    ids = [*owners][:6]
    drafted(store, "one", rep=owners[ids[0]])
    names = load_people(settings, store).names

    found = scenario_people(settings, store, "one", now=PULLED_AT)
    letter = people_markdown(found).decode()
    rows = [*csv.DictReader(hand_overs_csv(found).decode().splitlines())]

    figures = compare(settings, store, ["one"], now=PULLED_AT).compared[0].figures
    assert len(rows) == len(found.hand_overs) == figures.moved_accounts
    assert {row["account_id"] for row in rows} == {
        one for one in ids if one in ids[3:] or owners[one] != owners[ids[0]]
    }
    for row in rows:
        assert row["before"] == names[owners[row["account_id"]] or ""]
    assert sum(float(row["value_usd"]) for row in rows) == pytest.approx(figures.moved_value_usd)
    lost = {one.name: len(one.lost) for one in found.people if one.lost}
    assert sum(lost.values()) == len(rows)
    for name, count in lost.items():
        section = letter.split(f"## {name}\n")[1].split("\n## ")[0]
        assert f"- goes: {count:,} account" in section
        assert section.count("| vacant: Land T2 |") <= count
    assert "No day is set yet" in letter


def test_two_people_of_one_name_get_a_letter_each(settings: Settings, store: Store) -> None:
    owners = store.mirror.owners("Account")
    drafted(store, "one")
    before = scenario_people(settings, store, "one", now=PULLED_AT)
    with closing(sqlite3.connect(store.place)) as database, database:
        database.execute("UPDATE sf_user SET name = 'Sam Lee'")

    after = scenario_people(settings, store, "one", now=PULLED_AT)

    assert len({owners[one.account_id] for one in before.hand_overs}) > 1
    assert sorted(len(one.lost) for one in after.people) == sorted(
        len(one.lost) for one in before.people
    )


def test_balance_travel_and_broken_limits_come_from_the_version_and_what_it_lacks_is_unknown(
    settings: Settings, store: Store
) -> None:
    drafted(store, "whole", status="limits broken")
    drafted(store, "bare", metrics={})

    report = compare(settings, store, ["whole", "bare"], now=PULLED_AT)

    whole, bare = (one.figures for one in report.compared)
    hours = whole.balance[0]
    assert hours.before is not None
    assert hours.after is not None
    assert (hours.before.max_over_mean, hours.after.max_over_mean) == (1.5, 1.1)
    assert (hours.after.gini, hours.after.variation) == (0.05, 0.1)
    assert (whole.mean_km, whole.travel_hours_per_year) == (12.35, 9.5)
    assert not whole.feasible
    assert whole.broken == ("Land T1: 18 h of hours, below the limit of 19",)
    assert (bare.balance, bare.mean_km, bare.travel_hours_per_year) == ((), None, None)
    assert bare.feasible
    assert "bare was built without figures of balance" in report.notes[0]


def test_a_scenario_of_an_older_pull_is_named_and_does_not_count_at_once(
    settings: Settings, store: Store
) -> None:
    drafted(store, "old", snapshot_id="s" * 64)

    notes = compare(settings, store, ["old"], now=PULLED_AT).notes
    with pytest.raises(StepMissingError, match="construction step") as caught:
        activate(store, "old", on=None, accepted=None, acting=ACTING)
    dated = activate(store, "old", on=PULLED_AT + DAY, accepted=None, acting=ACTING)

    assert "sfterritory scenario rebuild old" in notes[0]
    assert "sfterritory scenario rebuild old" in caught.value.remedy
    assert (dated.stale, dated.state) == (True, ScenarioState.CHOSEN)
    with pytest.raises(StepMissingError) as routing:
        route_all(settings, store, now=PULLED_AT + DAY, holder="ann")
    assert "scenario rebuild old" in routing.value.remedy
    assert status(settings, store, now=PULLED_AT + DAY).next_step.endswith("scenario rebuild old")


def test_a_rebuilt_scenario_counts_from_the_same_day(settings: Settings, store: Store) -> None:
    drafted(store, "old", snapshot_id="s" * 64)
    activate(store, "old", on=PULLED_AT + DAY, accepted=None, acting=ACTING)

    fresh = rebuild(settings, store, "old", acting=later(1))

    assert not fresh.stale
    report = route_all(settings, store, now=PULLED_AT + DAY, holder="ann")
    assert report.territory_version == fresh.version


def test_a_scenario_with_a_day_that_breaks_limits_when_rebuilt_stays_until_somebody_accepts_that(
    project: Path, store: Store
) -> None:
    file = project / "mappings" / "territories.yaml"
    drafted(store, "old", snapshot_id="s" * 64)
    activate(store, "old", on=PULLED_AT + DAY, accepted=None, acting=ACTING)
    text = file.read_text()
    file.write_text(text.replace("tolerance: 0.05", "tolerance: 0.05, at_most: 1", 1))
    settings = load_settings(project, {})

    with pytest.raises(ConfigError, match="breaks limits when it is built from the last pull"):
        rebuild(settings, store, "old", acting=ACTING)
    kept = entry(store, "old", now=PULLED_AT)
    done = rebuild(settings, store, "old", accepted="Ben agreed", acting=ACTING)

    assert (kept.version, kept.feasible) == ("version-old", True)
    assert (done.version != kept.version, done.feasible) == (True, False)
    assert (done.state, done.accepted_limits) == (ScenarioState.CHOSEN, "Ben agreed")


def test_broken_limits_are_refused_until_somebody_accepts_them(store: Store) -> None:
    drafted(store, "tight", status="limits broken")

    for accepted in (None, " "):
        with pytest.raises(ConfigError, match="breaks limits"):
            activate(store, "tight", on=None, accepted=accepted, acting=ACTING)
    done = activate(store, "tight", on=None, accepted="Ben agreed", acting=ACTING)

    assert (done.in_force, done.accepted_limits) == (True, "Ben agreed")
    assert store.log.list()[0].facts["accepted_limits"] == "Ben agreed"


def test_a_reason_is_not_kept_where_nothing_had_to_be_accepted(store: Store) -> None:
    drafted(store, "fine")

    assert not activate(store, "fine", on=None, accepted="why not", acting=ACTING).accepted_limits


def test_what_has_no_sense_is_refused_with_a_way_on(settings: Settings, store: Store) -> None:
    drafted(store, "growth")
    drafted(store, "gone")
    activate(store, "gone", on=None, accepted=None, acting=ACTING)
    withdraw(store, "gone", acting=ACTING)
    drafted(store, "dated")
    activate(store, "dated", on=PULLED_AT + DAY, accepted=None, acting=ACTING)

    def make(name: str, **what: Any) -> None:
        what_if = WhatIf.model_validate(what)
        create(settings, store, name, what_if=what_if, note="", acting=ACTING)

    refused: dict[str, Callable[[], object]] = {
        "already": lambda: make("growth"),
        "cannot be the name": lambda: make("live"),
        "cannot be the name of": lambda: make("../x"),
        "did you mean 'growth'": lambda: entry(store, "grwth", now=PULLED_AT),
        "did you mean 'Industry'": lambda: make("a", cadence=["Industri=Retail*0.5"]),
        "nobody on the roster is 'Zoe'": lambda: make("a", without=["Zoe"]),
        "is past": lambda: activate(
            store, "growth", on=PULLED_AT - DAY, accepted=None, acting=ACTING
        ),
        "was withdrawn": lambda: activate(store, "gone", on=None, accepted=None, acting=ACTING),
        "is a draft": lambda: withdraw(store, "growth", acting=ACTING),
        "is chosen": lambda: remove(store, "dated", acting=ACTING),
        "named twice": lambda: compare(settings, store, ["dated", "dated"], now=PULLED_AT),
    }
    for says, act in refused.items():
        with pytest.raises(SfTerritoryError, match=says) as caught:
            act()
        assert caught.value.remedy
    assert [one.name for one in entries(store, now=PULLED_AT)] == ["dated", "gone", "growth"]


def test_every_act_stands_in_the_log(settings: Settings, store: Store) -> None:
    drafted(store, "one")
    clone(settings, store, "one", "two", what_if=NOTHING, note="", acting=ACTING)
    activate(store, "two", on=None, accepted=None, acting=ACTING)
    withdraw(store, "two", acting=ACTING)
    remove(store, "two", acting=ACTING)

    acts = [(one.kind, one.facts.get("scenario")) for one in store.log.list()]

    verbs = ("delete", "withdraw", "activate", "clone")
    assert [one for one in acts if one[1] == "two"] == [
        (f"scenario {verb}", "two") for verb in verbs
    ]


def test_a_what_if_is_read_from_a_file_and_every_mistake_has_its_line(tmp_path: Path) -> None:
    file = tmp_path / "growth.yaml"
    file.write_text("add: ['2@region=West']\ncadence:\n  - {where: Tier__c=C, factor: 0.5}\n")
    found = read_what_if(file)
    file.write_text("ad: []\nmode: repare\ncadence:\n  - {where: all}\n")

    with pytest.raises(ConfigError) as caught:
        read_what_if(file)

    assert found.sentences == (
        "Plus 2 reps in region West.",
        "Calls on accounts with Tier__c C times 0.5.",
    )
    lines = caught.value.problem.splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        "growth.yaml:4",
        "growth.yaml:2",
        "growth.yaml:1",
    ]
    assert "did you mean 'add'?" in lines[2]
