from __future__ import annotations

import json
from pathlib import Path

import pytest

from sfterritory.cli.main import run
from sfterritory.errors import ExitCode

SQUARE = "4 2\n0 0 9 4\n0 1 9 5\n30 0 9 4\n30 1 9 5\n"
TWO_REPS = (
    "TERR 4 2 0.5 1.5 0\n-9 53 1\n-8 53 1\n-9 53.1 1 0 -1 -1\n-9 53.2 1 0 1 -1\n"
    "-8 53.1 1 0 -1 -1\n-8 53.2 1 0 0 0\n"
)


def solved(
    folder: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, object], list[str]]:
    (folder / "some.txt").write_text(text)
    out = folder / "answer.csv"
    words = ["bench", "territory", str(folder / "some.txt"), "--out", str(out), "--json"]
    code = run([*words, "--effort", "0.01"])
    answer = json.loads(capsys.readouterr().out)["territory"]
    return code, answer, out.read_text().splitlines()


def test_a_median_file_is_answered_with_the_row_of_each_median(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer, rows = solved(tmp_path, SQUARE, capsys)

    assert code == ExitCode.DONE
    assert rows[0] == "customer_index,center_index"
    centres = [int(row.split(",")[1]) for row in rows[1:]]
    assert centres[0] == centres[1] in {0, 1}
    assert centres[2] == centres[3] in {2, 3}
    assert answer["value"] == 2.0
    assert answer["feasible"] is True


def test_a_territory_file_is_answered_with_the_rep_of_each_account_and_a_bound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer, rows = solved(tmp_path, TWO_REPS, capsys)

    assert code == ExitCode.DONE
    assert rows[1:] == ["0,0", "1,0", "2,1", "3,0"]
    assert isinstance(answer["bound"], float)
    assert isinstance(answer["value"], float)
    assert answer["bound"] <= answer["value"]


def test_an_answer_that_breaks_a_limit_is_written_and_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = "4 2\n0 0 10 6\n0 1 10 6\n30 0 10 6\n30 1 10 2\n"

    code, answer, rows = solved(tmp_path, pairs, capsys)

    assert code == ExitCode.ERROR
    assert len(rows) == 5
    assert answer["feasible"] is False
    assert answer["broken"] == 2.0


def test_demand_above_every_capacity_is_refused_with_the_sums(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "some.txt").write_text(SQUARE.replace(" 9 ", " 8 "))

    code = run(
        ["bench", "territory", str(tmp_path / "some.txt"), "--out", str(tmp_path / "out.csv")]
    )

    assert code == ExitCode.ERROR
    assert "the demand is 18, and the 2 largest capacities hold 16" in capsys.readouterr().err
