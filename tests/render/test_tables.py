"""The plan in a spreadsheet: what goes in comes out, and nothing in it is a formula."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from hypothesis import given, settings
from python_calamine import CalamineWorkbook

from sfterritory.cli.render.tables import (
    CSV_COLUMNS,
    EXCEL_CELL_CHARACTERS,
    changes_csv,
    plan_workbook,
    read_changes_csv,
)
from sfterritory.web.wording import visible

from .hostile import hostile_text
from .plans import SEEN_AT, SUMMARY, blocked, change, plan_of, small_plan

Rows = list[list[object]]


def sheet(content: bytes, name: str) -> Rows:
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [list(row) for row in workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)]


def test_the_csv_of_one_change_is_exactly_this() -> None:
    assert changes_csv(plan_of((change(name="=Acme, Inc."),))) == (
        "action,object,record_id,record_name,before_owner_id,before_owner_name,after_owner_id,"
        "after_owner_name,reason,rule,territory,runner_up_owner_id,runner_up_owner_name,"
        "runner_up_reason,parent_id,last_modified_at,value_usd,hours_per_year,writes,preserved\r\n"
        'reassign,Account,001000000000001AAA,"\'=Acme, Inc.",005000000000001AAA,Ann Berg,'
        "005000000000002AAA,Ben Cole,lies in the territory South,territory owner,South,"
        "005000000000003AAA,Cy Dunn,9 minutes further away,,2026-11-19T04:36:00+00:00,12000.0,4.5,"
        '"[{""after"":""Ann Berg"",""before"":null,""field"":""Previous_Owner__c"",""fill"":null,'
        '""role"":""rolled""},{""after"":null,""before"":null,""field"":""Owner_Since__c"",'
        '""fill"":""applied_at"",""role"":""rolled""},{""after"":null,""before"":null,'
        '""field"":""Plan__c"",""fill"":""plan_hash"",""role"":""rolled""}]",'
        '"[{""field"":""First_Owner__c"",""value"":""Zoe""}]"\r\n'
    )


@given(hostile_text)
@settings(max_examples=150, deadline=None)
def test_csv_gives_back_every_text_and_no_cell_starts_a_formula(name: str) -> None:
    plan = plan_of((change(name=name, reason=name, rule=name),))

    text = changes_csv(plan)

    (row,) = read_changes_csv(text)
    assert (row["record_name"], row["reason"], row["rule"]) == (name, name, name)
    assert list(row) == list(CSV_COLUMNS)
    (_, raw) = csv.reader(io.StringIO(text, newline=""))
    assert not any(cell.startswith(tuple("=+-@\t\r\n")) for cell in raw)


def test_the_workbook_reads_back_with_its_sheets_numbers_and_ids() -> None:
    plan = small_plan()

    content = plan_workbook(plan, summary=SUMMARY, seen_at=SEEN_AT)

    assert CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names == [
        "Summary",
        "Reps",
        "Changes",
        "Blocked",
    ]
    facts = {row[0]: row[1] for row in sheet(content, "Summary")}
    assert facts["Summary"] == SUMMARY
    assert facts["Plan"] == plan.hash
    assert facts["Furthest book from mean, hours"] == "20 % -> 1.0 %"
    assert sheet(content, "Reps")[1][:6] == ["005000000000001AAA", "Ann Berg", 10.0, 8.0, 0.0, 2.0]
    heading, first, *_ = sheet(content, "Changes")
    line = dict(zip(heading, first, strict=True))
    assert line["Record id"] == "001000000000002AAA"
    assert line["Owner now"] == "nobody"
    assert line["Value (USD)"] == 30_000.0
    assert line["Written beside the owner"] == (
        "Previous_Owner__c (rolled): empty -> empty; "
        "Owner_Since__c (rolled): empty -> time of apply; "
        "Plan__c (rolled): empty -> hash of this plan"
    )
    assert sheet(content, "Blocked")[1][3] == "named account of Ann Berg"


def test_the_same_plan_gives_the_same_workbook() -> None:
    assert plan_workbook(small_plan(), summary=SUMMARY, seen_at=SEEN_AT) == plan_workbook(
        small_plan(), summary=SUMMARY, seen_at=SEEN_AT
    )


@given(hostile_text)
@settings(max_examples=40, deadline=None)
def test_excel_holds_text_as_text_and_never_as_formula_or_link(name: str) -> None:
    plan = plan_of((change(name=name),), blocked_changes=(blocked(name=name, cause=name),))

    content = plan_workbook(plan, summary=SUMMARY, seen_at=SEEN_AT)

    assert sheet(content, "Changes")[1][3] == visible(name)
    assert sheet(content, "Blocked")[1][3] == visible(name)
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for part in parts.namelist():
            assert b"<f>" not in parts.read(part)
            assert b"<hyperlink" not in parts.read(part)


@pytest.mark.parametrize("letter", ["a", "👩"], ids=["one unit", "two units"])
def test_a_text_longer_than_a_cell_is_cut_instead_of_lost(letter: str) -> None:
    plan = plan_of((change(name=letter * 40_000),))

    name = sheet(plan_workbook(plan, summary=SUMMARY, seen_at=SEEN_AT), "Changes")[1][3]

    assert isinstance(name, str)
    assert name.startswith(letter * 1_000)
    assert name.endswith("...")
    assert len(name.encode("utf-16-le")) // 2 <= EXCEL_CELL_CHARACTERS
