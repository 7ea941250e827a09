"""Mistakes in the project's files: all named at once, with file and line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from end_to_end.conftest import ORG_FILE, Prepare, at_desk
from end_to_end.desk import Desk, owners, records, reps
from sfterritory.cli.main import COMMANDS
from sfterritory.errors import ExitCode
from sfterritory.model.store.store import open_store
from sfterritory.sandbox.seed_people import SHARED_NAME

NEEDS_A_PLAN = {"approve", "reject", "apply"}
NO_PROJECT = {"init", "sandbox", "demo", "completion", "bench"}
VERBS = {"geo": "clusters", "override": "list", "proposals": "list", "scenario": "list"}


@pytest.fixture
def desk(pulled: Path, copy_of: Callable[[Path], Path]) -> Desk:
    """A desk after the first pull; nothing below it asks Salesforce."""
    return Desk(copy_of(pulled) / "project")


@pytest.fixture
def built(planned: Path, copy_of: Callable[[Path], Path]) -> Desk:
    """A desk with territories, so that `route` can run."""
    return Desk(copy_of(planned) / "project")


def test_every_mistake_of_all_four_files_is_named_at_once_with_its_line(desk: Desk) -> None:
    lines = [
        (name, desk.edit(name, old, new), says)
        for name, old, new, says in (
            ("sfterritory.yaml", "seed: 0", "sede: 0", "did you mean 'seed'"),
            ("sfterritory.yaml", "four_eyes: false", "four_eyes: perhaps", "four_eyes"),
            ("mappings/salesforce.yaml", "bulk_threshold: 2000", "bulk_threshold: many", "many"),
            ("mappings/salesforce.yaml", "  value: Annual", "  worth: Annual", "worth"),
            ("mappings/territories.yaml", "visit_minutes: 45", "visit_minutes: -1", "-1"),
            ("mappings/territories.yaml", "  capacity: {}", "  capacities: {}", "did you mean"),
            ("mappings/routing.yaml", "fallback: {pool: inbound}", "fallbak: {pool: inbound}", ""),
            ("mappings/routing.yaml", "in: [CA, DE]", "is_in: [CA, DE]", "is_in"),
        )
    ]

    shown = desk.run("build", code=ExitCode.ERROR)

    told = shown.err.splitlines()
    for name, line, says in lines:
        assert any(f"{name}:{line}:" in text and says in text for text in told), (name, line, says)
    assert "correct these lines; nothing was done" in shown.err


def test_every_command_of_a_project_refuses_a_wrong_file(desk: Desk) -> None:
    desk.edit("mappings/routing.yaml", "version: 1", "version: 2")

    for name in set(COMMANDS) - NO_PROJECT:
        arguments = ["x"] if name in {*NEEDS_A_PLAN, "revert", "why"} else []
        arguments += [VERBS[name]] if name in VERBS else []
        shown = desk.run(name, *arguments, "--json", code=ExitCode.ERROR)

        error = json.loads(shown.out)["error"]
        assert "mappings/routing.yaml:" in error["problem"]
        assert error["remedy"]
        assert shown.err == ""


def test_a_file_that_is_not_yaml_is_named_with_its_line(desk: Desk) -> None:
    line = desk.edit("mappings/territories.yaml", "  capacity: {}", "  capacity: {")

    shown = desk.run("build", code=ExitCode.ERROR)

    assert "mappings/territories.yaml:" in shown.err
    found = int(shown.err.split("mappings/territories.yaml:")[1].split(":")[0])
    assert found >= line


def test_a_missing_file_says_how_to_get_a_sample(desk: Desk) -> None:
    (desk.root / "mappings" / "routing.yaml").unlink()

    shown = desk.run("build", code=ExitCode.ERROR)

    assert "mappings/routing.yaml does not exist" in shown.err
    assert "sfterritory init" in shown.err
    desk.run("init", str(desk.root))
    desk.run("build")


def test_rules_name_only_owners_who_exist_are_one_person_and_are_active(built: Desk) -> None:
    """All three mistakes come at once, each on its line; the same for a wrong queue."""
    with_mistakes = """
      - name: To nobody
        when: {field: Industry, is: Banking}
        to: {user: gone@example.com}
      - name: To one of two
        when: {field: Industry, is: Energy}
        to: {user: Maria Lindgren}
      - name: To somebody who left
        when: {field: Industry, is: Media}
        to: {user: INACTIVE}
      - name: To a queue
        when: {field: Industry, is: Retail}
        to: {queue: Unassigned_Leads}
"""
    assert " ".join(SHARED_NAME) == "Maria Lindgren"
    left = inactive_name(built)
    old = "\n      - name: Accounts abroad"
    first = built.edit(
        "mappings/routing.yaml", old, with_mistakes.replace("INACTIVE", left) + old[1:]
    )

    shown = built.run("route", code=ExitCode.ERROR)

    for offset, says in (
        (4, "no user is called 'gone@example.com'"),
        (7, "2 users are called 'Maria Lindgren'"),
        (10, "is inactive"),
        (13, "cannot own an Account"),
    ):
        (told,) = [line for line in shown.err.splitlines() if says in line]
        assert f"mappings/routing.yaml:{first + offset - 1}:" in told
    assert shown.err.count("@sandbox.example") >= 2  # both Marias, to choose from
    assert "nothing was routed" in shown.err


def inactive_name(desk: Desk) -> str:
    with open_store(desk.store_url) as store:
        return next(
            one.name
            for one in store.mirror.users()
            if not one.is_active and one.user_type == "Standard"
        )


def test_a_roster_capacity_for_two_people_of_one_name_is_refused(desk: Desk) -> None:
    desk.edit("mappings/territories.yaml", "capacity: {}", "capacity: {Maria Lindgren: 0.5}")

    shown = desk.run("build", code=ExitCode.ERROR)

    assert "2 users are called 'Maria Lindgren'" in shown.err
    assert "mappings/territories.yaml" in shown.err


def test_ids_of_15_characters_are_the_same_as_of_18_in_rules_lists_and_locks(
    planned: Path, desk_of: Prepare
) -> None:
    moves = []
    for length in (15, 18):
        with desk_of(planned) as (desk, org):
            accounts = [key[:length] for key in sorted(records(org, "Account")["Account"])[:9]]
            text = "Id\n" + "\n".join(accounts)
            (desk.root / "mappings" / "named.csv").write_text(text, encoding="utf-8")
            desk.edit("mappings/territories.yaml", "  list: null", "  list: named.csv")
            rule = (
                "\n      - name: Named accounts\n"
                "        when: {field: Id, in_list: named.csv}\n"
                f"        to: {{user: {reps(org)[0]['Id'][:length]}}}\n"
                "      - name: One account\n"
                f"        when: {{field: Id, is: {accounts[0]}}}\n"
                "        to: {keep_owner: true}\n"
            )
            old = "\n      - name: Accounts abroad"
            desk.edit("mappings/routing.yaml", old, rule + old)
            changes = desk.plan()["plan"]["changes"]
            moves.append([(one["subject"], one["after"], one["rule"]) for one in changes])
            answered = {one["rule"]: one["records"] for one in desk.ask("route")["rules"]}
            assert answered["Named accounts"] > 5

    assert moves[0] == moves[1]


def test_an_id_whose_case_a_spreadsheet_changed_is_named_with_its_line(desk: Desk) -> None:
    path = desk.root / "mappings" / "named.csv"
    path.write_text("Id\n001Sb0000000001IAA\n001sb0000000002IAA\n", encoding="utf-8")
    desk.edit("mappings/territories.yaml", "  list: null", "  list: named.csv")

    shown = desk.run("build", code=ExitCode.ERROR)

    assert "mappings/named.csv:3: '001sb0000000002IAA'" in shown.err


def test_accounts_without_any_address_are_counted_listed_and_keep_their_owner(
    planned: Path, desk_of: Prepare
) -> None:
    with desk_of(planned) as (desk, org):
        pulled = desk.ask("pull")
        located = next(one for one in pulled["located"] if one["object_name"] == "Account")
        nowhere = [
            key
            for key, row in records(org, "Account")["Account"].items()
            if not any(
                row[f"{kind}{part}"]
                for kind in ("Billing", "Shipping")
                for part in ("City", "PostalCode", "State", "Country", "Latitude")
            )
        ]
        plan = desk.plan()["plan"]

        assert nowhere
        assert located["causes"]["no_address"] == len(nowhere)
        assert desk.ask("status")["unlocated"]["no_address"] == len(nowhere)
        listed = desk.ask("status", "--unlocated")["unlocated"]
        assert {one["record_id"] for one in listed if one["cause"] == "no_address"} >= set(nowhere)
        assert desk.ask("build")["unlocated"] == located["accuracy"]["none"]
        moved = {one["subject"]["record_id"] for one in plan["changes"]}
        assert not moved & set(nowhere)
        for record_id in nowhere:
            wanted = desk.ask("why", record_id)["answer"]["wanted"]
            assert wanted is None or wanted["owner_id"] == owners(org)[record_id]


def test_an_empty_org_is_pulled_and_the_next_step_says_what_is_missing(
    started: Path, copy_of: Callable[[Path], Path]
) -> None:
    folder = copy_of(started)
    (folder / ORG_FILE).unlink()
    Desk(folder).run("sandbox", "reset", "--empty", "--yes", "--state", str(folder / ORG_FILE))
    with at_desk(folder) as (desk, _):
        pulled = desk.ask("pull")
        shown = desk.run("build", code=ExitCode.ERROR)

        assert {one["object_name"]: one["fetched"] for one in pulled["objects"]}["Account"] == 0
        assert "none of 0 accounts is located and in scope" in shown.err
        assert "sfterritory pull" in shown.err
        assert desk.ask("status")["counts"]["Account"] == 0
        assert desk.ask("pull")["loaded"] == 0


@pytest.mark.parametrize("words", [["fly"], ["build", "--workers", "0"], ["apply"], ["show", "-x"]])
def test_wrong_usage_ends_with_64_in_words_and_as_json(desk: Desk, words: list[str]) -> None:
    shown = desk.run(*words, code=ExitCode.USAGE)
    as_json = desk.run(*words, "--json", code=ExitCode.USAGE)

    assert "--help`" in shown.err
    assert shown.out == as_json.err == ""
    assert as_json.json["error"]["exit_code"] == ExitCode.USAGE
