"""Ways to build; light, since settings name them."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """Where centres come from, and how much of today's structure has to stay."""

    HOMES = "homes"
    """Homes are centres where they are known; today's owners count by the price of a change."""
    GREENFIELD = "greenfield"
    """Centres are free and today's owners do not count; names go to whom they fit best."""
    REPAIR = "repair"
    """Centres are the middles of today's books; only what breaks a limit moves."""
