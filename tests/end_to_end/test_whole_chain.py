"""The main job from nothing to an undone change, on both databases."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from end_to_end.conftest import Environ, Prepare
from end_to_end.desk import Desk, records
from sfterritory.cli.plan_output import FORMATS
from sfterritory.sandbox.running import SandboxHandle

ONCE = ("First_Owner__c", "First_Assigned_At__c")
ROLLED = ("Previous_Owner__c", "Owner_Since__c", "Assignment_Reason__c", "Territory_Plan__c")
KEPT = ("Original_Campaign__c", "AccountSource", "LeadSource")


def test_the_whole_chain_moves_owners_and_the_revert_gives_them_back(
    started: Path, desk_of: Prepare
) -> None:
    with desk_of(started) as (desk, org):
        _whole_chain(desk, org)


@pytest.mark.slow
def test_the_whole_chain_works_on_postgresql(
    started: Path, desk_of: Prepare, environ: Environ, postgresql_url: str
) -> None:
    with desk_of(started) as (desk, org):
        environ({"SFTERRITORY_STORE": postgresql_url})
        _whole_chain(desk, org)

        assert not desk.store_file.exists()


def _whole_chain(desk: Desk, org: SandboxHandle) -> None:
    before = records(org, "Account", "Lead")
    desk.run("doctor")
    desk.run("pull")
    desk.run("doctor")
    desk.run("build")
    desk.run("route")
    desk.run("plan", "--detailed-exitcode", code=2)
    shown = desk.ask("show")
    changes = {one["subject"]["record_id"]: one for one in shown["plan"]["changes"]}
    assert len(changes) > 50
    for record_id, change in changes.items():
        object_name = change["subject"]["object_name"]
        assert change["before"] == before[object_name][record_id]["OwnerId"]
        assert change["before"] != change["after"]
        assert change["reason"]

    desk.run("approve", shown["hash"], "--by", "ben", "--reason", "agreed in the Monday call")
    report = desk.ask("apply", shown["hash"])
    assert report["counts"] == {"done": len(changes)}
    _was_written(before, records(org, "Account", "Lead"), changes, plan_hash=shown["hash"])

    one = next(iter(changes))
    why = desk.run("why", one).out
    assert changes[one]["after_name"] in why
    assert shown["hash"][:8] in why
    assert "ben" in why
    assert desk.ask("status")["unfinished_runs"] == []
    assert {"pull", "build", "route", "plan", "approve", "apply"} <= {
        line["kind"] for line in desk.ask("log")
    }

    desk.run("revert", "latest")
    back = desk.ask("show")
    desk.run("approve", back["hash"])
    desk.run("apply", back["hash"])
    stuck = {line["subject"]["record_id"] for line in back["plan"]["blocked"]}
    _was_undone(before, records(org, "Account", "Lead"), changes, stuck=stuck)
    _blocked_for_inactive_owners_only(org, before, stuck)


Found = dict[str, dict[str, dict[str, object]]]
Changes = dict[str, dict[str, object]]


def _was_written(before: Found, after: Found, changes: Changes, *, plan_hash: str) -> None:
    for object_name, rows in before.items():
        for record_id, old in rows.items():
            new = after[object_name][record_id]
            change = changes.get(record_id)
            if change is None:
                assert new == old
                continue
            assert new["OwnerId"] == change["after"]
            assert new["Previous_Owner__c"] == old["OwnerId"]
            assert new["Territory_Plan__c"] == plan_hash
            for name in ONCE:
                assert new[name]
                assert new[name] == old[name] or old[name] is None
            _same(old, new, KEPT)


def _was_undone(before: Found, after: Found, changes: Changes, *, stuck: set[str]) -> None:
    for object_name, rows in before.items():
        for record_id, old in rows.items():
            new = after[object_name][record_id]
            _same(old, new, KEPT)
            if record_id in stuck:
                assert new["OwnerId"] == changes[record_id]["after"]
                continue
            _same(old, new, ("OwnerId", *ROLLED))
            if record_id in changes:
                assert new["First_Owner__c"]


def _blocked_for_inactive_owners_only(org: SandboxHandle, before: Found, stuck: set[str]) -> None:
    active = {key for key, row in records(org, "User")["User"].items() if row["IsActive"]}
    queues = set(records(org, "Group")["Group"])
    inactive = {
        record_id
        for rows in before.values()
        for record_id, row in rows.items()
        if record_id in stuck and row["OwnerId"] not in active | queues
    }
    assert stuck == inactive


def _same(old: dict[str, object], new: dict[str, object], names: tuple[str, ...]) -> None:
    for name in names:
        assert new.get(name) == old.get(name), f"{name} of {old['Id']}"


@pytest.fixture
def reader(planned: Path) -> Desk:
    """A desk at a plan that nobody changes; no org is needed to show it."""
    return Desk(planned / "project")


def test_the_plan_is_the_same_in_every_format(reader: Desk, tmp_path: Path) -> None:
    plan = reader.ask("show")["plan"]
    ids = {one["subject"]["record_id"] for one in plan["changes"]}

    shown = {name: reader.run("show", "--format", name) for name in FORMATS if name != "terminal"}
    shown["terminal"] = reader.run("show", "--all")

    assert set(shown) == set(FORMATS)
    assert json.loads(shown["json"].raw)["plan"] == plan
    rows = list(csv.DictReader(io.StringIO(shown["csv"].out.lstrip("\ufeff"))))
    assert {row[_id_column(row)] for row in rows} == ids
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(shown["xlsx"].raw))
    cells = {
        str(cell)
        for name in workbook.sheet_names
        for row in workbook.get_sheet_by_name(name).to_python()
        for cell in row
    }
    assert ids <= cells
    for name in ("terminal", "html"):
        assert all(one in shown[name].out for one in ids), name
    assert reader.ask("show")["summary"] in shown["markdown"].out


def _id_column(row: dict[str, str]) -> str:
    return next(name for name, cell in row.items() if cell[:3] in {"001", "00Q"})


def test_a_format_goes_to_a_file_as_to_stdout(reader: Desk, tmp_path: Path) -> None:
    for name in ("json", "csv", "markdown", "html"):
        reader.run("show", "--format", name, "--out", str(tmp_path / name))

        assert (tmp_path / name).read_bytes() == reader.run("show", "--format", name).raw


def test_one_line_of_the_plan_is_shown_by_either_form_of_its_id(reader: Desk) -> None:
    plan = reader.ask("show")
    subject = plan["plan"]["changes"][0]["subject"]

    long = reader.run("show", plan["hash"][:8], subject["record_id"])

    assert subject["name"] in long.out
    for name in (subject["record_id"][:15], f"{subject['object_name']}:{subject['record_id']}"):
        assert reader.run("show", plan["hash"][:8], name).out == long.out
