"""Salesforce ids: 15 case-sensitive characters, or 18 with three characters of checksum."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

_CHECKSUM_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?\Z")

USER_PREFIX = "005"
QUEUE_PREFIX = "00G"


def to_18(record_id: str) -> str:
    """Return the 18-character form of an id, the only form that is stored and compared.

    Raises:
        ValueError: Not an id, or the checksum contradicts the first 15 characters (which happens
            when a spreadsheet changed the case of a letter).

    Source: Salesforce's published algorithm; bit k of each group of five is set for a capital.
    """
    if not _SHAPE.match(record_id):
        raise ValueError(f"{record_id!r} is not a Salesforce id: 15 or 18 letters and digits")
    core = record_id[:15]
    full = core + "".join(
        _CHECKSUM_ALPHABET[
            sum(1 << bit for bit, char in enumerate(core[start : start + 5]) if "A" <= char <= "Z")
        ]
        for start in (0, 5, 10)
    )
    if len(record_id) == 18 and record_id != full:
        raise ValueError(
            f"{record_id!r} has a wrong checksum: {core} should end in {full[15:]}; "
            "a spreadsheet may have changed upper and lower case"
        )
    return full


def looks_like_id(text: str) -> bool:
    """Tell whether the text has the shape of an id, checksum aside."""
    return _SHAPE.match(text) is not None


RecordId = Annotated[str, AfterValidator(to_18)]
