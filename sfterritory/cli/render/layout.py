"""Small pieces of terminal output that every command uses: a table under a title, named facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sfterritory.web.wording import visible


def render_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str | int | float | None]],
    *,
    console: Console,
) -> None:
    """Print any rows, under a title where there is one.

    A column that holds only numbers is set to the right.
    """
    rows = [tuple(row) for row in rows]
    right = tuple(
        index
        for index in range(len(columns))
        if rows and all(isinstance(row[index], int | float) for row in rows)
    )
    table = plain_table(columns, right=right)
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    if title:
        console.print()
        console.print(Text(visible(title), style="bold"))
    if rows:
        console.print(table)
    else:
        console.print("  none")


def render_facts(
    pairs: Iterable[tuple[str, str | int | float | None]], *, console: Console
) -> None:
    """Print names and values in two columns."""
    console.print(facts_grid((name, _cell(value)) for name, value in pairs))


def plain_table(columns: Sequence[str], *, right: Sequence[int] = ()) -> Table:
    """Return a table without lines; long text folds, numbers never do."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for index, name in enumerate(columns):
        number = index in right
        table.add_column(
            name,
            justify="right" if number else "left",
            no_wrap=number,
            overflow="fold",
        )
    return table


def facts_grid(pairs: Iterable[tuple[str, str]]) -> Table:
    """Return names and values side by side."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(Text(name), Text(value))
    return table


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    return visible(value) if isinstance(value, str) else f"{value:,}"
