"""The API calls that are not ours to use: the org has other integrations."""

from __future__ import annotations

import math

from sfterritory.connectors.salesforce.transport import ApiLimits
from sfterritory.errors import LimitReachedError


def floor_calls(limits: ApiLimits, share: float) -> int:
    """Return how many calls of the 24-hour allocation are left untouched."""
    return math.ceil(limits.allowed * share)


def check_free(limits: ApiLimits, share: float, *, doing: str, calls: int = 1) -> None:
    """Refuse so many calls where they would take one of those left to others.

    Raises:
        LimitReachedError: They would; what was stored before stays, and the next run goes on there.
    """
    left, floor = limits.allowed - limits.used, floor_calls(limits, share)
    if left - calls < floor:
        needed = f" takes about {calls:,} calls and" if calls > 1 else ""
        raise LimitReachedError(
            f"{doing}{needed} was not begun: {left:,} of {limits.allowed:,} API calls are left in "
            f"these 24 hours, and {floor:,} are kept for others",
            remedy="run the same command again when the 24-hour window has freed calls: it goes "
            "on where it stopped; or lower pull.api_floor_share in mappings/salesforce.yaml",
        )
