"""What a person sees in a terminal, and what a pipe gets: run behind a real pseudo-terminal."""

from __future__ import annotations

import os
import pty
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from end_to_end.child import plain_environ, running_child
from end_to_end.conftest import ORG_FILE, Prepare
from end_to_end.desk import environment
from sfterritory.sandbox.running import running_sandbox

ESCAPE = "\x1b["
COLOUR = "\x1b[3"  # 30 to 39: the foreground colours


def typed(folder: Path, *words: str, **environ: str) -> tuple[str, str]:
    """Run a command with a terminal for stderr and one for stdout; return what each showed."""
    ends = [pty.openpty() for _ in range(2)]
    shown = ["", ""]

    def read(place: int) -> None:
        pieces = []
        while piece := _read(ends[place][0]):
            pieces.append(piece)
        shown[place] = b"".join(pieces).decode()

    readers = [threading.Thread(target=read, args=(place,)) for place in range(2)]
    out, err = (os.ttyname(mine) for _, mine in ends)
    line = [*words, "--project", str(folder / "project")]
    with running_child(line, plain_environ(**environ), out=out, err=err) as child:
        for reader in readers:
            reader.start()
        child.join(60)
        code = child.exitcode
    for _, mine in ends:
        os.close(mine)  # the reader sees the end once the last holder is gone
    for reader in readers:
        reader.join(timeout=10)
    for terminal, _ in ends:
        os.close(terminal)
    assert code == 0, shown
    return shown[0], shown[1]


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux: the other end was closed
        return b""


def test_a_pipe_gets_neither_progress_nor_colours(started: Path, desk_of: Prepare) -> None:
    with desk_of(started) as (desk, _):
        assert desk.run("pull").err == ""
        for command in ("build", "route", "plan", "show", "status", "log"):
            assert ESCAPE not in desk.run(command).all


@pytest.mark.slow
def test_a_terminal_shows_progress_and_colours_and_no_color_takes_the_colours_away(
    started: Path, planned: Path, copy_of: Callable[[Path], Path]
) -> None:
    fresh, planned = copy_of(started), copy_of(planned)
    with running_sandbox(fresh / ORG_FILE) as org:
        bright_out, progress = typed(fresh, "pull", **environment(org))
        _, plain_progress = typed(fresh, "pull", NO_COLOR="1", **environment(org))
        _, no_progress = typed(fresh, "pull", "--json", **environment(org))

    assert "pull Account" in progress
    assert "rows" in progress
    assert "pull Account" not in bright_out
    assert COLOUR in progress
    assert COLOUR not in plain_progress
    assert no_progress == ""
    assert COLOUR in typed(planned, "show")[0]
    assert COLOUR not in typed(planned, "show", NO_COLOR="1")[0]
