"""What each switch asks, told from the one place where it is declared."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, fields
from typing import Any

from sfterritory.sandbox.switches import Switches

_ENTRY = re.compile(r"^    (\w+): (.+?)(?=^    \w+: |\Z)", re.MULTILINE | re.DOTALL)
_UNCERTAIN = "Uncertain: "


@dataclass(frozen=True, slots=True)
class SwitchNote:
    """A switch as lists show it.

    Attributes:
        question: What it decides.
        uncertain: Whether Salesforce's documents leave it open; else an org chooses.
    """

    name: str
    default: Any
    question: str
    uncertain: bool


def switch_notes() -> list[SwitchNote]:
    """Return every switch in the order of declaration."""
    _, _, attributes = inspect.cleandoc(Switches.__doc__ or "").partition("Attributes:\n")
    said = {name: " ".join(text.split()) for name, text in _ENTRY.findall(attributes)}
    return [
        SwitchNote(
            one.name,
            one.default,
            said.get(one.name, "").removeprefix(_UNCERTAIN),
            uncertain=said.get(one.name, "").startswith(_UNCERTAIN),
        )
        for one in fields(Switches)
    ]
