"""Scenarios as a user types them: made, compared, dated and taken back, beside what counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from end_to_end.conftest import Prepare
from end_to_end.desk import Desk


@pytest.fixture
def desk(planned: Path, copy_of: Callable[[Path], Path]) -> Desk:
    """A desk with a plan; nothing below it asks Salesforce."""
    return Desk(copy_of(planned) / "project")


@pytest.mark.slow
def test_a_scenario_is_made_compared_and_dated_and_the_plan_of_today_stays_as_it_is(
    desk: Desk,
) -> None:
    before = desk.ask("show")["hash"]
    rep = next(one["name"] for one in desk.ask("roster")["people"] if one["on_roster"])

    made = desk.ask("scenario", "create", "less", "--without", rep, "--unlock", "--note", "leaves")
    copy = desk.ask("scenario", "clone", "less", "copy")
    compared = desk.ask("scenario", "compare", "live", "less", "copy")
    told = desk.run("scenario", "compare", "live", "less", "copy").out
    dated = desk.ask("scenario", "activate", "less", "--on", "2999-01-01", "--accept-limits", "no")
    shown = desk.run("scenario", "show", "less").out
    status = desk.ask("status")

    assert made["changes"] == [f"Without {rep}.", "Locked accounts of reps who leave are set free."]
    assert (made["state"], copy["based_on"], dated["state"]) == ("draft", "less", "chosen")
    live, less, same = (one["figures"] for one in compared["compared"])
    assert less["territories"] == live["territories"] - 1
    assert less == same
    assert less["moved_accounts"] > live["moved_accounts"]
    assert rep in {one["name"] for one in less["reps"]}
    for line in ("hours: Gini", "Accounts moved", "Pipeline moved", f"less: Without {rep}."):
        assert line in told
    assert "2999-01-01 00:00 UTC" in shown
    assert "What a quota has to follow" in shown
    assert [one["scenario"] for one in status["upcoming_territories"]] == ["less"]
    assert status["territory_version"] == live["version"]
    desk.run("route")
    assert desk.ask("plan", "--no-html")["hash"] == before


@pytest.mark.slow
def test_a_scenario_that_counts_at_once_is_routed_by_until_it_is_withdrawn(desk: Desk) -> None:
    live = desk.ask("status")["territory_version"]
    desk.run("scenario", "create", "more", "--add", "1", "--cadence", "Industry=Retail:0")
    made = desk.ask("scenario", "activate", "more", "--accept-limits", "tried out")

    refused = desk.run("plan", "--no-html", code=1).err
    routed = desk.ask("route")["territory_version"]
    desk.run("plan", "--no-html")
    listed = desk.ask("scenario", "list")
    desk.run("scenario", "delete", "more", code=1)
    desk.run("scenario", "withdraw", "more")
    again = desk.ask("route")["territory_version"]
    desk.run("scenario", "delete", "more")

    assert "sfterritory route" in refused
    assert (routed, again) == (made["version"], live)
    assert [(one["name"], one["in_force"]) for one in listed] == [("more", True)]
    assert desk.ask("scenario", "list") == []
    kinds = [one["kind"] for one in desk.ask("log")]
    assert kinds[:3] == ["scenario delete", "route", "scenario withdraw"]


def test_what_was_meant_wrongly_is_told_without_a_build(desk: Desk) -> None:
    words = desk.run("scenario", "create", "a", "--add", "many", "--cadence", "x", code=1).err
    names = desk.run("scenario", "create", "a", "--without", "Zoe", "--only", "x=y", code=1).err
    alone = desk.run("scenario", "compare", "live", code=64).err

    assert "--add 'many'" in words
    assert "--cadence 'x'" in words
    assert "nobody on the roster is 'Zoe'" in names
    assert "reps have no 'x'" in names
    assert "name two scenarios or more" in alone
    assert desk.ask("scenario", "list") == []


def test_a_file_says_what_options_say(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "what.yaml"
    file.write_text("tolerance: {hours: 0.2}\nadd: ['1']\n", encoding="utf-8")

    made = desk.ask("scenario", "create", "a", "--what-if", str(file), "--tolerance", "hours=0.1")

    assert made["what_if"]["tolerance"] == {"hours": 0.1}
    assert [one["count"] for one in made["what_if"]["add"]] == [1]


def test_before_a_pull_the_missing_step_is_named(started: Path, desk_of: Prepare) -> None:
    with desk_of(started) as (desk, _):
        shown = desk.run("scenario", "create", "a", code=1)

    assert "the geography step has no result" in shown.err
    assert "sfterritory pull" in shown.err
