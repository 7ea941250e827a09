"""The base of everything that crosses a border: frozen, and closed to unknown keys."""

from __future__ import annotations

import hashlib
import json

from pydantic import BaseModel, ConfigDict, JsonValue

Scalar = str | int | float | bool | None


class Document(BaseModel):
    """A value that was checked when it came in and never changes after."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def canonical_json(value: JsonValue) -> str:
    """Return the one text form of a JSON value: sorted keys, no blanks, no escapes for letters."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def content_hash(value: JsonValue) -> str:
    """Return the SHA-256 of the canonical JSON, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
