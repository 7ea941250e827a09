"""Behaviour that Salesforce's documents leave uncertain, or that an org may choose.

Each is one named switch with the default that we believe in; tests set the other way.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Switches:
    """The org's choices.

    Attributes:
        session_minutes: Inactivity after which an access token dies.
        query_page_records: Rows of a query page without a batchSize header.
        bulk_page_records: Rows of a bulk result page without maxRecords; None is one page.
        bulk_datetime_suffix: Uncertain: `Z` or `+0000` behind a moment in bulk CSV.
        history_data_types: Uncertain: whether the id row says `EntityId` and the name row `Text`.
        same_value_touches: Uncertain: whether an update without a change moves LastModifiedDate.
        daily_api_requests: The org's daily allocation.
    """

    session_minutes: int = 120
    query_page_records: int = 2000
    bulk_page_records: int | None = None
    bulk_datetime_suffix: str = "Z"
    history_data_types: bool = True
    same_value_touches: bool = True
    daily_api_requests: int = 1_000_000
