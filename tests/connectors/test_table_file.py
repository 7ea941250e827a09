"""CSV and XLSX files as the same table of text."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import xlsxwriter

from sfterritory.connectors.table_file import read_table
from sfterritory.errors import ConfigError


def workbook(path: Path) -> Path:
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Notes")
        sheet = book.add_worksheet("Staff")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(2, 0, ["Staff no", "Name", "FTE", "Since"])
        sheet.write_row(4, 0, [1207, "Zoë, Ann", 0.8])
        sheet.write_datetime(4, 3, datetime(2024, 2, 29, tzinfo=UTC).replace(tzinfo=None), day)
    return path


def test_a_workbook_and_a_csv_with_the_same_content_are_the_same_table(tmp_path: Path) -> None:
    text = '\ufeff\n\nStaff no;Name;FTE;Since\n\n1207;"Zoë, Ann";0.8;2024-02-29\n'
    (tmp_path / "staff.csv").write_text(text, encoding="utf-8")

    from_csv = read_table(tmp_path / "staff.csv", name="staff")
    from_book = read_table(workbook(tmp_path / "staff.xlsx"), name="staff", sheet="Staff")

    assert from_csv == from_book
    assert from_csv.rows[0].cells == ("1207", "Zoë, Ann", "0.8", "2024-02-29")
    assert from_csv.rows[0].line == 5


def test_a_csv_of_a_spreadsheet_in_utf_16_with_tabs_is_read(tmp_path: Path) -> None:
    (tmp_path / "staff.csv").write_text("A\tB\nx\tü\n", encoding="utf-16")

    assert read_table(tmp_path / "staff.csv", name="staff").rows[0].cells == ("x", "ü")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        pytest.param("a.csv", b"", "is empty", id="empty"),
        pytest.param("a.csv", b"A,A\n1,2\n", "the heading 'A' stands there twice", id="heading"),
        pytest.param("a.csv", b"A\n\xff\xe9\n", "byte 2 is not UTF-8", id="encoding"),
        pytest.param("a.xlsx", b"A,B\n1,2\n", "is not a workbook", id="no workbook"),
        pytest.param("a.pdf", b"%PDF", "ends in .pdf", id="kind"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(ConfigError, match=told) as caught:
        read_table(tmp_path / name, name=name)
    assert caught.value.remedy


def test_a_workbook_without_the_sheet_names_those_it_has(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="it has 'Notes', 'Staff'"):
        read_table(workbook(tmp_path / "a.xlsx"), name="a.xlsx", sheet="People")


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused_before_it_is_opened(
    tmp_path: Path,
) -> None:
    with (
        zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("xl/worksheets/sheet1.xml", "w") as member,
    ):
        for _ in range(41):
            member.write(bytes(10_000_000))

    with pytest.raises(ConfigError, match="unpacks to 410,000,000 bytes"):
        read_table(tmp_path / "a.xlsx", name="a.xlsx")
