"""Reading JSON that anybody may have sent."""

from __future__ import annotations

import json
from typing import Any

MAX_DEPTH = 100  # our own recursion is far from Python's limit at this depth


class JsonError(ValueError):
    """Text that is no JSON, or none that a record could come from."""


def parsed_json(body: bytes) -> Any:
    """Return the value of a JSON text in UTF-8.

    Raises:
        JsonError: It is no JSON, nested too deeply, or holds half a character.
    """
    try:
        text = body.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise JsonError(f"Unexpected character: {error}") from error
    if _depth(value) > MAX_DEPTH:
        raise JsonError(f"The JSON is nested more than {MAX_DEPTH} levels deep")
    if "\\u" in text:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise JsonError(f"Half of a surrogate pair: {error.reason}") from error
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _depth(value: Any) -> int:
    """Return how many levels of lists and objects lie in a value."""
    deepest, level = 0, [value]
    while level := [one for one in level if isinstance(one, dict | list)]:
        deepest += 1
        level = [
            inner for one in level for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return deepest
