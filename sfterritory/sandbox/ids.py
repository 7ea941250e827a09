"""Record ids: 15 case-sensitive characters, 18 with the checksum.

Source: the checksum rule of the platform, five bits for each group of five characters.
"""

from __future__ import annotations

import re

_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_INSTANCE = "Sb0"  # the pod part of a real id; tells a sandbox id at a glance
_COUNTER_CHARACTERS = 9
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?", re.ASCII)


def to18(id15: str) -> str:
    """Return the id with its three checksum characters."""
    groups = (id15[start : start + 5] for start in (0, 5, 10))
    return id15 + "".join(
        _CHECKSUM[sum(1 << bit for bit, letter in enumerate(group) if "A" <= letter <= "Z")]
        for group in groups
    )


def normalised(record_id: str) -> str | None:
    """Return the 18-character form, or None where the text is no id or its checksum is wrong."""
    if not _ID.fullmatch(record_id):
        return None
    full = to18(record_id[:15])
    return full if len(record_id) == 15 or full == record_id else None


def numbered(key_prefix: str, number: int) -> str:
    """Return the 18-character id of the `number`-th record of a kind."""
    digits = ""
    rest = number
    for _ in range(_COUNTER_CHARACTERS):
        rest, digit = divmod(rest, 62)
        digits = _DIGITS[digit] + digits
    return to18(key_prefix + _INSTANCE + digits)
