"""Small pieces of terminal output that every command uses: a table under a title, named facts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sfterritory.web.wording import visible

_GAP = 2
_LONGEST_WORD = 24
_NUMBER = re.compile(r"(-?[\d,]*\d(\.\d+)?%?)?")


def render_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str | int | float | None]],
    *,
    console: Console,
) -> None:
    """Print any rows, under a title where there is one.

    A column that holds only numbers is set to the right. Where the columns do not fit side by side
    headings and text fold between words, and what is still too much follows below, each part with
    the columns that name its rows: no figure is ever cut.
    """
    rows = [tuple(row) for row in rows]
    if title:
        console.print()
        console.print(Text(visible(title), style="bold"))
    if not rows:
        console.print("  none")
        return
    fields = [_field(name, [row[index] for row in rows]) for index, name in enumerate(columns)]
    for number, block in enumerate(_blocks(fields, console.width)):
        if number:
            console.print()
        console.print(_block(block, console.width))


@dataclass(frozen=True, slots=True)
class _Field:
    """A column: its cells as text, the width that folds nothing, and the one that cuts no word."""

    name: str
    cells: tuple[str, ...]
    number: bool
    full: int
    least: int


def _field(name: str, values: Sequence[str | float | None]) -> _Field:
    cells = tuple(_cell(value) for value in values)
    number = any(cells) and all(
        value is None or isinstance(value, int | float) or _NUMBER.fullmatch(value)
        for value in values
    )
    parts = cells if number else tuple(word for cell in cells for word in cell.split())
    longest = max(map(cell_len, parts), default=0)
    heading = max(map(cell_len, name.split()), default=0)
    return _Field(
        name=name,
        cells=cells,
        number=number,
        full=max(cell_len(name), *map(cell_len, cells)),
        least=max(longest if number else min(longest, _LONGEST_WORD), heading),
    )


def _blocks(fields: Sequence[_Field], width: int) -> Iterator[list[_Field]]:
    """Yield the columns in as many parts as the width asks for, each led by what names the rows."""
    if _least_width(fields) <= width:
        yield list(fields)
        return
    led = next((index for index, one in enumerate(fields) if one.number), len(fields))
    lead = [replace(one, least=one.full) for one in fields[: max(led, 1)]]
    while len(lead) > 1 and 2 * _least_width(lead) > width:
        lead.pop()
    block = list(lead)
    for one in fields[len(lead) :]:
        if _least_width([*block, one]) > width and len(block) > len(lead):
            yield block
            block = list(lead)
        block.append(one)
    yield block


def _least_width(fields: Sequence[_Field]) -> int:
    return sum(one.least + _GAP for one in fields) - _GAP


def _block(fields: Sequence[_Field], width: int) -> Table:
    """Return a table whose widest columns fold first, between words."""
    widths = [one.full for one in fields]
    excess = sum(widths) + _GAP * (len(fields) - 1) - width
    while excess > 0:
        spare = [had - one.least for had, one in zip(widths, fields, strict=True)]
        most = max(range(len(fields)), key=lambda index: (spare[index], widths[index]))
        if spare[most] <= 0:
            break
        widths[most] -= 1
        excess -= 1
    table = plain_table(())
    for one, wide in zip(fields, widths, strict=True):
        table.add_column(
            one.name,
            justify="right" if one.number else "left",
            width=None if excess > 0 else wide,
            overflow="fold",
        )
    for cells in zip(*(one.cells for one in fields), strict=True):
        table.add_row(*cells)
    return table


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
