"""The plan as files for a spreadsheet: CSV, one row a change, and an Excel workbook.

A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a line break for a formula.
In CSV such text gets an apostrophe in front, and so does text that begins with an apostrophe, so
that `read_changes_csv` gives back the identical values by taking one apostrophe away. In Excel text
is stored as text and needs no mark; hidden characters are spelled out there, as on every page.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

import xlsxwriter
from pydantic_core import to_jsonable_python

from sfterritory.model.document import canonical_json
from sfterritory.model.plan import FieldWrite, OwnerChange, Plan, PreservedField
from sfterritory.web.digest import KeyFigures, grouped_blocked, grouped_changes, key_figures
from sfterritory.web.wording import (
    NOBODY,
    ROLE_WORD,
    counted,
    instant,
    percent,
    scalar,
    visible,
    written_value,
)
from sfterritory.writeback.freshness import expires_at

# The full-width forms are folded to the plain ones by spreadsheets set to East Asian input.
FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
MARK = "'"

EXCEL_ROWS = 1_048_576
EXCEL_CELL_CHARACTERS = 32_767

Cell = str | float | int


def _json(parts: Sequence[FieldWrite | PreservedField]) -> str:
    return canonical_json(to_jsonable_python(parts))


CSV_COLUMNS: dict[str, Callable[[OwnerChange], Cell]] = {
    "action": lambda change: change.action.value,
    "object": lambda change: change.subject.object_name,
    "record_id": lambda change: change.subject.record_id,
    "record_name": lambda change: change.subject.name,
    "before_owner_id": lambda change: change.before or "",
    "before_owner_name": lambda change: change.before_name,
    "after_owner_id": lambda change: change.after,
    "after_owner_name": lambda change: change.after_name,
    "reason": lambda change: change.reason,
    "rule": lambda change: change.rule,
    "territory": lambda change: change.territory or "",
    "runner_up_owner_id": lambda change: change.runner_up.owner_id if change.runner_up else "",
    "runner_up_owner_name": lambda change: change.runner_up.owner_name if change.runner_up else "",
    "runner_up_reason": lambda change: change.runner_up.reason if change.runner_up else "",
    "parent_id": lambda change: change.parent_id or "",
    "last_modified_at": lambda change: change.last_modified_at.astimezone(UTC).isoformat(),
    "value_usd": lambda change: change.value_usd,
    "hours_per_year": lambda change: change.hours_per_year,
    "writes": lambda change: _json(change.writes),
    "preserved": lambda change: _json(change.preserved),
}


def changes_csv(plan: Plan) -> str:
    """Return every change as CSV (RFC 4180), in the order of the plan; encode it as UTF-8.

    The columns of `CSV_COLUMNS` keep their names and order in every version of format 1; `writes`
    and `preserved` hold JSON.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(CSV_COLUMNS)
    for change in plan.changes:
        writer.writerow(_marked(cell_of(change)) for cell_of in CSV_COLUMNS.values())
    return text.getvalue()


def read_changes_csv(text: str) -> list[dict[str, str]]:
    """Return the rows of `changes_csv` with every text as it was in the plan."""
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [{name: cell.removeprefix(MARK) for name, cell in row.items()} for row in rows]


def _marked(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell.startswith((*FORMULA_STARTS, MARK)):
        return MARK + cell
    return cell


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a sheet: heading, width in characters, number format (None is text)."""

    heading: str
    width: int
    number_format: str | None = None


_WHOLE = "#,##0"
_TENTHS = "#,##0.0"
_REP_COLUMNS = (
    _Column("Owner id", 20),
    _Column("Rep", 24),
    _Column("Records before", 15, _WHOLE),
    _Column("Records after", 15, _WHOLE),
    _Column("Gained", 9, _WHOLE),
    _Column("Lost", 9, _WHOLE),
    _Column("Hours a year before", 18, _TENTHS),
    _Column("Hours a year after", 18, _TENTHS),
    _Column("Value before (USD)", 19, _WHOLE),
    _Column("Value after (USD)", 19, _WHOLE),
)
_CHANGE_COLUMNS = (
    _Column("Change", 10),
    _Column("Object", 10),
    _Column("Record id", 20),
    _Column("Record", 30),
    _Column("Owner now", 22),
    _Column("Owner planned", 22),
    _Column("Reason", 46),
    _Column("Rule", 22),
    _Column("Territory", 16),
    _Column("Runner-up", 22),
    _Column("Why not the runner-up", 34),
    _Column("Value (USD)", 14, _WHOLE),
    _Column("Hours a year", 13, _TENTHS),
    _Column("Written beside the owner", 60),
    _Column("Last modified", 21),
    _Column("Owner id now", 20),
    _Column("Owner id planned", 20),
)
_BLOCKED_COLUMNS = (
    _Column("Object", 10),
    _Column("Record id", 20),
    _Column("Record", 30),
    _Column("Cause", 50),
    _Column("Owner stays", 22),
    _Column("Owner wanted", 22),
    _Column("Rule", 22),
)


def plan_workbook(plan: Plan, *, summary: str, seen_at: datetime) -> bytes:
    """Return the plan as an Excel workbook with the sheets Summary, Reps, Changes and Blocked.

    Changes are in the order of `grouped_changes`. What does not fit into Excel's 1,048,576 rows is
    left out, and the Summary sheet says how much.

    Args:
        plan: The plan to show.
        summary: Its frozen summary line.
        seen_at: When the org was last seen in the state that the plan was made from.
    """
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        # xlsxwriter would stamp the clock of this machine; the same arguments give the same file.
        book.set_properties(
            {
                "title": f"Plan {plan.short_hash}",
                "created": seen_at.astimezone(UTC).replace(tzinfo=None),
            }
        )
        _write_summary(book, _summary_facts(plan, summary, seen_at))
        _write_sheet(book, "Reps", _REP_COLUMNS, _rep_rows(plan))
        _write_sheet(book, "Changes", _CHANGE_COLUMNS, _change_rows(plan))
        _write_sheet(book, "Blocked", _BLOCKED_COLUMNS, _blocked_rows(plan))
    return buffer.getvalue()


def _write_summary(book: xlsxwriter.Workbook, facts: Sequence[tuple[str, str]]) -> None:
    sheet = book.add_worksheet("Summary")
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 80)
    label = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for row, (name, value) in enumerate(facts):
        sheet.write_string(row, 0, name, label)
        sheet.write_string(row, 1, _cut(visible(value)), wrapped)


def _summary_facts(plan: Plan, summary: str, seen_at: datetime) -> list[tuple[str, str]]:
    source = plan.source
    facts = [
        ("Summary", summary),
        ("Plan", plan.hash),
        ("Org", source.org_id),
        ("Snapshot", source.snapshot_id),
        ("Org last seen", instant(seen_at)),
        ("Expires", instant(expires_at(plan, seen_at))),
        *_balance_facts(key_figures(plan)),
    ]
    for check in plan.checks:
        answer = "passed" if check.passed else "FAILED"
        facts.append((f"Check: {visible(check.name)}", f"{answer}: {check.detail}"))
    for name, number in (("Changes", len(plan.changes)), ("Blocked", len(plan.blocked))):
        if number >= EXCEL_ROWS:
            left_out = counted(number - EXCEL_ROWS + 1, "row")
            facts.append((f"{name} left out", f"{left_out}: Excel holds no more; use the CSV"))
    return facts


def _balance_facts(figures: KeyFigures) -> list[tuple[str, str]]:
    hours, value = figures.hours_spread, figures.value_spread
    return [
        ("Hours a year moved", f"{figures.moved_hours_per_year:,.1f}"),
        ("Value moved (USD)", f"{figures.moved_value_usd:,.0f}"),
        ("Furthest book from mean, hours", f"{percent(hours.before)} -> {percent(hours.after)}"),
        ("Furthest book from mean, value", f"{percent(value.before)} -> {percent(value.after)}"),
    ]


def _write_sheet(
    book: xlsxwriter.Workbook, name: str, columns: Sequence[_Column], rows: Iterable[Sequence[Cell]]
) -> None:
    sheet = book.add_worksheet(name)
    heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    for index, column in enumerate(columns):
        # '@' keeps ids and names text even when a person types over them.
        cell_format = book.add_format({"num_format": column.number_format or "@"})
        sheet.set_column(index, index, column.width, cell_format)
        sheet.write_string(0, index, column.heading, heading)
    last = 0
    for last, row in enumerate(islice(rows, EXCEL_ROWS - 1), start=1):
        for index, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(last, index, _cut(visible(cell)))
            else:
                sheet.write_number(last, index, cell)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, last, len(columns) - 1)


def _rep_rows(plan: Plan) -> Iterable[Sequence[Cell]]:
    for book in plan.totals:
        yield (
            book.owner_id,
            book.name,
            book.accounts_before,
            book.accounts_after,
            book.gained,
            book.lost,
            book.hours_before,
            book.hours_after,
            book.value_before_usd,
            book.value_after_usd,
        )


def _change_rows(plan: Plan) -> Iterable[Sequence[Cell]]:
    for group in grouped_changes(plan.changes):
        for change in group.changes:
            runner_up = change.runner_up
            yield (
                change.action.value,
                change.subject.object_name,
                change.subject.record_id,
                change.subject.name,
                change.before_name or NOBODY,
                change.after_name,
                change.reason,
                change.rule,
                change.territory or "",
                runner_up.owner_name if runner_up else "",
                runner_up.reason if runner_up else "",
                change.value_usd,
                change.hours_per_year,
                "; ".join(
                    f"{write.field} ({ROLE_WORD[write.role]}): "
                    f"{scalar(write.before)} -> {written_value(write)}"
                    for write in change.writes
                ),
                instant(change.last_modified_at),
                change.before or "",
                change.after,
            )


def _blocked_rows(plan: Plan) -> Iterable[Sequence[Cell]]:
    for group in grouped_blocked(plan.blocked):
        for line in group.lines:
            yield (
                line.subject.object_name,
                line.subject.record_id,
                line.subject.name,
                line.cause,
                line.before_name or NOBODY,
                line.after_name or NOBODY,
                line.rule,
            )


def _cut(text: str) -> str:
    """Return what Excel can hold of a text; it refuses the whole cell otherwise."""
    if _utf16_length(text) <= EXCEL_CELL_CHARACTERS:
        return text
    return text[: EXCEL_CELL_CHARACTERS // 2 - 3] + "..."


def _utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
