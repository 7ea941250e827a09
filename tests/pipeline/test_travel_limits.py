"""Limits of travel that are verified after construction bind a build as every other limit does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sfterritory.cli.main import run
from sfterritory.errors import ExitCode
from sfterritory.model.store.store import Store


def test_territories_beyond_a_limit_of_travel_are_not_gone_by_until_somebody_accepts_them(
    project: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    build = ["build", "--no-curve", "--project", str(project), "--json"]
    mapping = project / "mappings" / "territories.yaml"
    text = mapping.read_text("utf-8")
    assert run(build) in (ExitCode.DONE, ExitCode.NOT_APPROVED)
    before = json.loads(capsys.readouterr().out)["build"]
    mapping.write_text(
        text.replace(
            "\nterritories:",
            "\nterritories:\n  max_neighbour_km: 5\n  max_drive_hours_per_week: 0.5",
            1,
        ),
        encoding="utf-8",
    )

    code = run(build)
    refused = json.loads(capsys.readouterr().out)["build"]
    accepted = run([*build, "--accept-limits", "a trial"])
    taken = json.loads(capsys.readouterr().out)["build"]

    codes = {one["code"] for one in refused["conflicts"]}
    assert {"drives_too_much", "neighbours_too_far"} <= codes
    assert all(one["accounts"] for one in refused["conflicts"])
    assert (code, refused["feasible"], refused["chosen"]) == (ExitCode.NOT_APPROVED, False, False)
    assert (accepted, taken["feasible"], taken["chosen"]) == (ExitCode.DONE, False, True)
    assert not codes & {one["code"] for one in before["conflicts"]}
    assert store.territories.get(taken["version"]).status == "limits broken"
