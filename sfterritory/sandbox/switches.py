"""Behaviour that Salesforce's documents leave uncertain, or that an org may choose.

Each is one named switch with the default that we believe in. `docs/sandbox.md` lists them; the
state file keeps those of an org, `sfterritory sandbox switch` and the admin endpoint set them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.failure import SandboxError

if TYPE_CHECKING:
    from collections.abc import Mapping


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

    @property
    def features(self) -> frozenset[str]:
        """The features that bring objects and fields, by the name their declarations use."""
        return frozenset()


def switches_from(values: Mapping[str, Any]) -> Switches:
    """Return switches with the given ones set and the rest at their defaults.

    Raises:
        SandboxError: Names every switch that does not exist or does not take its value.
    """
    known = {one.name: one.default for one in fields(Switches)}
    problems = [
        f"there is no switch {name!r}" if name not in known else f"{name} cannot be {value!r}"
        for name, value in sorted(values.items())
        if name not in known or not _fits(known[name], value)
    ]
    if problems:
        raise SandboxError(
            "\n".join(problems), remedy=f"use switches among {', '.join(sorted(known))}"
        )
    return Switches(**values)


def _fits(default: object, value: object) -> bool:
    """Tell whether a value is of the kind that a switch has by default."""
    if default is None:
        return value is None or (isinstance(value, int) and not isinstance(value, bool))
    return type(value) is type(default)
