"""Progress bars on stderr, drawn from events.

Convention: whoever does long work says now and then
`emit("pull.progress", what="Account", done=4_000, total=79_418, unit="rows")`. Any event whose name
ends in `.progress` moves the bar of its stage and `what`; a `total` of None (not known yet) shows a
moving bar, and `done == total` completes it. Nothing else is printed, whatever else is emitted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from sfterritory.cli.render.style import stderr_console
from sfterritory.events import Event, subscribed
from sfterritory.web.wording import visible

SUFFIX = ".progress"


class ProgressBars:
    """A subscriber that keeps one bar for each stage and thing it works on."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[tuple[str, str], TaskID] = {}

    def __call__(self, event: Event) -> None:
        """Move the bar that the event speaks of; other events are not ours."""
        if not event.name.endswith(SUFFIX):
            return
        stage = event.name.removesuffix(SUFFIX)
        what = str(event.facts.get("what") or "")
        total = _number(event.facts.get("total"))
        if (stage, what) not in self._bars:
            self._bars[stage, what] = self._progress.add_task(
                f"{stage} {visible(what)}".rstrip(), amount=""
            )
        done = _number(event.facts.get("done")) or 0
        unit = str(event.facts.get("unit") or "")
        amount = f"{done:,.0f}" if total is None else f"{done:,.0f} of {total:,.0f}"
        self._progress.update(
            self._bars[stage, what], completed=done, total=total, amount=f"{amount} {unit}".rstrip()
        )


@contextmanager
def showing_progress(console: Console | None = None) -> Iterator[None]:
    """Draw bars while the block runs and take them away after it.

    Nothing is drawn where stderr is not a terminal.
    """
    console = console or stderr_console()
    if not console.is_terminal:
        yield
        return
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TextColumn("{task.fields[amount]}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    with progress, subscribed(ProgressBars(progress)):
        yield


def _number(fact: str | float | None) -> float | None:
    return float(fact) if isinstance(fact, int | float) else None
