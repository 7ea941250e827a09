"""Setting an org's switches in a test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sandbox.client import Org


def switch(org: Org, **values: Any) -> None:
    """Set some of the org's choices, from now on."""
    state = org.handle.state
    state.set_switches(replace(state.switches, **values))
