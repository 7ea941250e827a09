"""Where text goes and how it may be coloured: the consoles and styles of every command."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import IO

from rich.console import Console

from sfterritory.model.plan import Action, Outcome

# In a pipe or a log nobody folds lines at 80, and a cut line cannot be searched.
PIPE_WIDTH = 160

ACTION_STYLE = {
    Action.REASSIGN: "yellow",
    Action.ASSIGN: "green",
    Action.UNASSIGN: "red",
}
BLOCKED_STYLE = "magenta"
OUTCOME_STYLE = {
    Outcome.DONE: "green",
    Outcome.ALREADY_DONE: "green",
    Outcome.DRIFTED: "yellow",
    Outcome.FAILED: "red",
    Outcome.UNVERIFIED: "red",
}


def stdout_console() -> Console:
    """Return the console for answers."""
    return console_for(None)


def stderr_console() -> Console:
    """Return the console for progress."""
    return console_for(None, stderr=True)


def console_for(
    file: IO[str] | None, *, stderr: bool = False, environ: Mapping[str, str] = os.environ
) -> Console:
    """Return a console that obeys NO_COLOR, FORCE_COLOR and COLUMNS of `environ`.

    Nothing is highlighted by guessing, and customer text is never read as markup or emoji codes.
    """
    console = Console(
        file=file, stderr=stderr, highlight=False, markup=False, emoji=False, _environ=environ
    )
    if not console.is_terminal and "COLUMNS" not in environ:
        console.width = PIPE_WIDTH
    return console
