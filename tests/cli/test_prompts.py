"""Questions that a command asks before it drops something."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("answer", [pytest.param("n\n", id="declined"), pytest.param("", id="end")])
def test_a_question_that_is_not_answered_yes_drops_nothing_and_says_so(
    tmp_path: Path, answer: str
) -> None:
    state = tmp_path / "org.db"
    state.write_bytes(b"an org")

    ended = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "sfterritory", "sandbox", "reset", "--state", str(state)],
        input=answer,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert "not confirmed: nothing was done" in ended.stderr
    assert "--yes" in ended.stderr
    assert state.read_bytes() == b"an org"
