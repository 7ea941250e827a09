"""Lists as CSV files that a spreadsheet opens without taking text for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from sfterritory.cli.render.tables import FORMULA_STARTS, MARK


def rows_csv(headings: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> bytes:
    """Return rows under their headings as CSV in UTF-8; text is marked as in a plan's CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(headings)
    writer.writerows([_marked(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _marked(cell: str | float | None) -> str | float | None:
    if isinstance(cell, str) and cell.startswith((*FORMULA_STARTS, MARK)):
        return MARK + cell
    return cell
