"""A person puts an account to a rep; adjustments are accepted; who falls through is listed."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from end_to_end.conftest import Prepare
from end_to_end.desk import Desk, Row, records, reps

LAST_DAY = "2099-12-31"
REASON = "asked for by name"


def movable(desk: Desk) -> tuple[Any, str]:
    """Return a line of the first plan that changes an account, and its territory's rep."""
    plan = desk.plan()["plan"]
    change = next(one for one in plan["changes"] if one["subject"]["object_name"] == "Account")
    return change["subject"], change["after"]


def another_rep(org: Any, than: str) -> Row:
    return next(one for one in reps(org) if one["Id"] != than)


@pytest.mark.slow
def test_an_override_decides_in_the_next_plan_and_says_so_and_ends(
    pulled: Path, desk_of: Prepare
) -> None:
    with desk_of(pulled) as (desk, org):
        subject, before = movable(desk)
        rep, account = another_rep(org, before), subject["record_id"]
        asked = ("--to", rep["Username"], "--reason", REASON, "--until", LAST_DAY)
        number = desk.ask("override", "add", account[:15], *asked)["added"][0]
        again = desk.run("override", "add", account, "--to", rep["Id"], *asked[2:4],
                         "--until", "2099-12-30", code=1)  # fmt: skip
        built = desk.ask("build")
        desk.run("route")
        plan = desk.ask("plan", "--no-html")["plan"]
        listed = desk.ask("override", "list")
        shown = desk.run("override", "list").out
        desk.run("override", "end", str(number), "--reason", "over")
        after = desk.plan()["plan"]

    assert f"under override {number} already" in again.err
    (line,) = [one for one in plan["changes"] if one["subject"]["record_id"] == account] or [None]
    if line is None:  # the account has that rep already
        assert records(org, "Account")["Account"][account]["OwnerId"] == rep["Id"]
    else:
        assert line["after"] == rep["Id"]
        assert f"override by ann until {LAST_DAY}: {REASON}" in line["reason"]
    assert built["locked"][f"override by ann until {LAST_DAY}: {REASON}"] == 1
    (entry,) = listed["overrides"]
    assert (entry["account_id"], entry["rep_name"], entry["state"]) == (
        account,
        rep["Name"],
        "in_force",
    )
    assert entry["cost"]["hours_per_year"] > 0
    assert listed["counts"]["in_force"] == 1
    assert REASON in " ".join(shown.split())
    found = {one["subject"]["record_id"]: one["after"] for one in after["changes"]}
    assert found[account] == before


def test_overrides_go_out_and_come_in_as_a_file(pulled: Path, desk_of: Prepare) -> None:
    with desk_of(pulled) as (desk, org):
        rep = reps(org)[0]
        accounts = sorted(records(org, "Account")["Account"])[:2]
        rows = [f"{one},{rep['Username']},{REASON},{LAST_DAY}\n" for one in accounts]
        file = desk.root / "in.csv"
        file.write_text("account,rep,reason,until\n" + "".join(rows), encoding="utf-8")
        added = desk.ask("override", "import", str(file))
        out = desk.root / "out.csv"
        desk.run("override", "export", "--out", str(out))
        again = desk.ask("override", "import", str(out))
        file.write_text("account,rep,reason,until\nx,y,,z\n", encoding="utf-8")
        wrong = desk.run("override", "import", str(file), code=1)

    with out.open(encoding="utf-8", newline="") as opened:
        kept = list(csv.DictReader(opened))
    assert [one["account"] for one in kept] == accounts
    assert (len(added["added"]), again["added"], again["unchanged"]) == (2, [], 2)
    assert wrong.err.count("in.csv: line 2: ") == 4


def test_an_account_of_somebody_off_the_roster_leaves_the_book_and_goes_to_them(
    pulled: Path, desk_of: Prepare
) -> None:
    with desk_of(pulled) as (desk, org):
        subject, _ = movable(desk)
        stranger = next(
            one
            for one in records(org, "User")["User"].values()
            if one["IsActive"] and one["UserType"] == "Standard" and one not in reps(org)
        )
        account = subject["record_id"]
        desk.run("override", "add", account, "--to", stranger["Id"], "--reason", REASON,
                 "--until", LAST_DAY)  # fmt: skip
        built = desk.ask("build")
        missing = desk.ask("unassigned", "--cause", "override")
        desk.run("route")
        plan = desk.ask("plan", "--no-html")["plan"]

    assert any(account in note and "leaves the book" in note for note in built["notes"])
    assert [one["record_id"] for one in missing["records"]] == [account]
    after = {one["subject"]["record_id"]: one["after"] for one in plan["changes"]}
    assert after[account] == stranger["Id"]


@pytest.mark.slow
def test_an_accepted_adjustment_is_the_cadence_of_the_next_build(
    pulled: Path, desk_of: Prepare
) -> None:
    with desk_of(pulled) as (desk, _):
        desk.edit("mappings/territories.yaml", "field_hours_per_week: 40",
                  "field_hours_per_week: 12")  # fmt: skip
        desk.run("build", code=6)  # nothing goes by it, and it is what proposals are about
        out = desk.root / "proposals.csv"
        before = desk.ask("proposals", "--csv", str(out))
        shown = desk.run("proposals").out
        chosen = before["proposals"][0]
        desk.run("proposals", "accept", chosen["id"][:8], "--reason", REASON)
        desk.run("build", code=6)
        after = desk.ask("proposals")
        accepted = desk.ask("proposals", "list", "--accepted")["accepted"]
        desk.run("proposals", "withdraw", "1", "--reason", "over")
        withdrawn = desk.ask("proposals", "list", "--accepted")["accepted"]

    with out.open(encoding="utf-8", newline="") as opened:
        assert len(list(csv.DictReader(opened))) == len(before["proposals"])
    assert chosen["id"][:8] in shown
    assert after["pending"] == 0
    # hours may rise all the same: the driving of new territories is reckoned anew
    calls = {one["account_id"]: one["calls_before"] for one in after["proposals"]}
    assert calls.get(chosen["account_id"], chosen["calls_after"]) == chosen["calls_after"]
    assert chosen["id"] not in {one["id"] for one in after["proposals"]}
    assert (accepted[0]["account_id"], accepted[0]["by"]) == (chosen["account_id"], "ann")
    assert (accepted[0]["in_force"], withdrawn[0]["in_force"]) == (True, False)


def test_who_falls_through_is_counted_by_cause_and_listed_by_page(
    planned: Path, desk_of: Prepare
) -> None:
    with desk_of(planned) as (desk, _):
        out = desk.root / "unassigned.csv"
        report = desk.ask("unassigned", "--limit", "2", "--csv", str(out))
        rest = desk.ask("unassigned", "--start", "2", "--limit", "10000")
        shown = desk.run("unassigned", "--limit", "2")

    with out.open(encoding="utf-8", newline="") as opened:
        ids = [one["record_id"] for one in csv.DictReader(opened)]
    assert len(report["records"]) == 2
    assert [one["record_id"] for one in (*report["records"], *rest["records"])] == ids
    assert sum(one["records"] for one in report["counts"]) == len(ids)
    assert {one["cause"] for one in report["counts"]} >= {"not_located", "queue"}
    assert "More: sfterritory unassigned --start 2" in shown.err
