"""Same content, rules and seed: same plan, whoever makes it and wherever."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from end_to_end.conftest import Prepare
from end_to_end.desk import Desk


@pytest.fixture
def desk(pulled: Path, copy_of: Callable[[Path], Path]) -> Desk:
    """A desk after the first pull; nothing below it asks Salesforce."""
    return Desk(copy_of(pulled) / "project")


def test_the_same_steps_give_the_same_plan_twice_and_for_another_person(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = desk.plan()
    monkeypatch.setenv("SFTERRITORY_USER", "zoe")

    assert desk.plan()["hash"] == first["hash"]


def test_two_worker_processes_give_the_same_plan(planned: Path, desk: Desk) -> None:
    desk.run("build", "--workers", "2")
    desk.run("route")

    assert desk.ask("plan")["hash"] == Desk(planned / "project").ask("show")["hash"]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        pytest.param("sfterritory.yaml", "seed: 0", "seed: 1", id="seed"),
        pytest.param(
            "mappings/routing.yaml", "in: [CA, DE]", "in: [CA, DE, MX]", id="a condition of a rule"
        ),
        pytest.param(
            "mappings/territories.yaml", "visit_minutes: 45", "visit_minutes: 50", id="workload"
        ),
    ],
)
def test_another_seed_or_rule_gives_another_plan(
    planned: Path, desk: Desk, name: str, old: str, new: str
) -> None:
    desk.edit(name, old, new)

    assert desk.plan()["hash"] != Desk(planned / "project").ask("show")["hash"]


def test_a_comment_in_a_mapping_changes_nothing(planned: Path, desk: Desk) -> None:
    desk.edit("mappings/routing.yaml", "version: 1", "version: 1  # read by everybody")

    assert desk.plan()["hash"] == Desk(planned / "project").ask("show")["hash"]


def test_another_project_of_the_same_org_gets_the_same_plan(
    planned: Path, started: Path, desk_of: Prepare
) -> None:
    with desk_of(started) as (elsewhere, _):
        elsewhere.run("pull")

        assert elsewhere.plan()["hash"] == Desk(planned / "project").ask("show")["hash"]
