"""HR and regional files beside Salesforce: one view, and conditions that ask for what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from end_to_end.conftest import Prepare
from end_to_end.desk import Desk

PEOPLE = """
version: 1
sources:
  - name: hr
    file: people/hr.xlsx
    join: {Email: Mail}
    attributes:
      fte: {column: FTE, type: number}
      hr_region: Region
    compare: {Title: Job}
  - name: regional
    file: people/regional.csv
    complete: false
    join: {Username: Login}
    attributes: {hr_region: Area}
capacity: fte
"""


def write_sources(desk: Desk, reps: list[Any]) -> None:
    folder = desk.root / "mappings" / "people"
    folder.mkdir()
    with xlsxwriter.Workbook(folder / "hr.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Mail", "FTE", "Region", "Job"])
        for at, one in enumerate(reps[:-1], start=1):
            sheet.write_row(at, 0, [one["email"], 0.5 if at == 1 else 1, "South", one["title"]])
        sheet.write_row(len(reps), 0, ["nobody@example.org", 1, "South", "Clerk"])
    login = reps[0]["username"]
    (folder / "regional.csv").write_text(f"Login,Area\n{login},East\n", encoding="utf-8")
    (desk.root / "mappings" / "people.yaml").write_text(PEOPLE, encoding="utf-8")


@pytest.fixture
def reps(pulled: Path, desk_of: Prepare) -> list[dict[str, str]]:
    with desk_of(pulled) as (_, org), org.state.reading() as connection:
        found = connection.execute(
            'SELECT Id, Username, Email, Title, Name FROM "User" '
            "WHERE Title = 'Account Executive' AND IsActive ORDER BY Id"
        ).fetchall()
    names = ("id", "username", "email", "title", "name")
    return [dict(zip(names, one, strict=True)) for one in found]


def test_one_view_shows_what_each_source_says_and_every_conflict(
    pulled: Path, desk_of: Prepare, reps: list[dict[str, str]]
) -> None:
    with desk_of(pulled) as (desk, _):
        write_sources(desk, reps)
        desk.run("pull")
        report = desk.ask("roster")
        shown = desk.run("roster", "--conflicts").out

    first = next(one for one in report["people"] if one["user_id"] == reps[0]["id"])
    assert first["attributes"]["hr_region"] == {"value": "South", "source": "hr", "line": 2}
    assert (first["capacity_share"], first["owned"]["Account"] > 0) == (0.5, True)
    assert {one["kind"] for one in report["conflicts"]} == {
        "nobody",
        "not_in_source",
        "sources_differ",
    }
    missing = next(one for one in report["conflicts"] if one["kind"] == "not_in_source")
    assert missing["user_id"] == reps[-1]["id"]
    assert "hr_region is East here and South (hr) before" in " ".join(shown.split())


def test_a_roster_may_be_chosen_by_what_hr_says_and_its_size_follows(
    pulled: Path, desk_of: Prepare, reps: list[dict[str, str]]
) -> None:
    with desk_of(pulled) as (desk, _):
        write_sources(desk, reps)
        desk.edit(
            "mappings/territories.yaml",
            "      - {field: IsActive, is: true}\n",
            "      - {field: IsActive, is: true}\n      - {field: hr_region, is: South}\n",
        )
        desk.run("pull")
        built = desk.ask("build")
        on_roster = [one for one in desk.ask("roster")["people"] if one["on_roster"]]

    assert len(built["territories"]) == len(reps) - 1
    assert {one["user_id"] for one in on_roster} == {one["id"] for one in reps[:-1]}
    assert all(one["territory"] for one in on_roster)


def test_a_file_of_people_that_does_not_fit_is_named_with_its_line(
    pulled: Path, desk_of: Prepare, reps: list[dict[str, str]]
) -> None:
    with desk_of(pulled) as (desk, _):
        write_sources(desk, reps)
        line = desk.edit("mappings/people.yaml", "column: FTE", "column: FTS")
        shown = desk.run("roster", code=1)

    assert f"mappings/people.yaml:{line}: sources[0].attributes.fte" in shown.err
    assert "did you mean 'FTE'?" in shown.err
