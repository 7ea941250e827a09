"""What a query means beyond its text: when, by whom, and over which rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """The circumstances of a query.

    Attributes:
        now: The server's time, for date literals.
        user_id: Who asks, for USING SCOPE and convertCurrency.
        deleted_too: Whether deleted and merged rows are seen (`queryAll`).
        fiscal_start_month: The month that the org's fiscal year begins with, 1 to 12.
        fields_all_most_rows: The largest LIMIT that FIELDS(ALL) takes; 0 needs none.
    """

    now: datetime
    user_id: str = ""
    deleted_too: bool = False
    fiscal_start_month: int = 1
    fields_all_most_rows: int = 200
