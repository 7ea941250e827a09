"""Painting by a browser that misbehaves; a real one paints in tests/end_to_end."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sfterritory.cli.render.png import paint
from sfterritory.errors import ConfigError

DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" width="10" height="10"/>'


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
def test_a_browser_that_hangs_is_ended_with_its_helpers(tmp_path: Path) -> None:
    drawing, helper = tmp_path / "drawing.svg", tmp_path / "helper"
    drawing.write_text(DRAWING)
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\nsleep 60 &\necho $! > {helper}\nsleep 60\n")
    browser.chmod(0o755)

    with pytest.raises(ConfigError, match=r"no picture after 0.5 seconds"):
        paint(str(browser), drawing, tmp_path / "drawing.png", timeout_seconds=0.5)

    until = time.monotonic() + 5
    while is_running(int(helper.read_text())) and time.monotonic() < until:
        time.sleep(0.01)
    assert not is_running(int(helper.read_text()))


def test_a_browser_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    drawing = tmp_path / "drawing.svg"
    drawing.write_text(DRAWING)

    with pytest.raises(ConfigError, match="could not paint the picture"):
        paint(str(tmp_path / "none"), drawing, tmp_path / "drawing.png")
