"""References between the parts of a composite: `@{first.id}`, `@{found.records[0].Id}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sfterritory.sandbox.api.answer import ApiError
from sfterritory.sandbox.state import dump_json

_REFERENCE = re.compile(r"@\{([^{}]*)\}")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d{1,6})\]")

Bodies = Mapping[str, Any]


def filled(value: Any, bodies: Bodies) -> Any:
    """Return a JSON value with every reference replaced.

    A text that is nothing but a reference takes the value as it is; within a longer text, the value
    is written out.

    Args:
        value: What a part of the request holds.
        bodies: The answers so far, by reference id.

    Raises:
        ApiError: A reference leads to nothing.
    """
    if isinstance(value, str):
        whole = _REFERENCE.fullmatch(value)
        return _found(whole[1], bodies) if whole else filled_text(value, bodies)
    if isinstance(value, list):
        return [filled(one, bodies) for one in value]
    if isinstance(value, dict):
        return {name: filled(one, bodies) for name, one in value.items()}
    return value


def filled_text(text: str, bodies: Bodies) -> str:
    """Return a text with every reference written out.

    Raises:
        ApiError: A reference leads to nothing.
    """
    return _REFERENCE.sub(lambda match: _written(_found(match[1], bodies)), text)


def names_in(value: Any) -> frozenset[str]:
    """Return the reference ids that a part of a request names."""
    text = value if isinstance(value, str) else dump_json(value)
    return frozenset(re.split(r"[.\[]", one, maxsplit=1)[0] for one in _REFERENCE.findall(text))


def _found(expression: str, bodies: Bodies) -> Any:
    name, path = _split(expression)
    value = bodies.get(name)
    for step in path:
        if isinstance(step, int) and isinstance(value, list) and step < len(value):
            value = value[step]
        elif isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        else:
            value = None
    if value is None:
        raise ApiError(
            400,
            "PROCESSING_HALTED",
            f"Invalid reference specified. No value for {expression[:80]} found in {name[:80]}",
        )
    return value


def _split(expression: str) -> tuple[str, list[str | int]]:
    """Return the reference id and the steps behind it; a list's place is a number."""
    steps: list[str | int] = [
        int(match[2]) if match[2] else match[1] for match in _STEP.finditer(expression)
    ]
    return (str(steps[0]), steps[1:]) if steps else ("", [])


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    return dump_json(value)
