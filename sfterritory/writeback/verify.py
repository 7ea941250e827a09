"""Compare values with what Salesforce gives back for them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sfterritory.model.document import Scalar
from sfterritory.model.ids import looks_like_id, to_18

OWNER = "OwnerId"
LAST_MODIFIED = "LastModifiedDate"

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)\Z")


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that does not hold what it should."""

    field: str
    expected: Scalar
    found: Scalar

    def __str__(self) -> str:
        return f"{self.field}: expected {self.expected!r}, found {self.found!r}"


def salesforce_instant(moment: datetime) -> str:
    """Return an instant as Salesforce takes it: UTC, whole seconds, which is all that it keeps."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def parse_instant(text: str) -> datetime:
    """Return the instant that `2026-05-01T07:25:37.000+0000` or another ISO form names.

    Raises:
        ValueError: Not an instant with a zone.
    """
    if not _INSTANT.match(text):
        raise ValueError(f"{text!r} is not an instant such as 2026-05-01T07:25:37.000+0000")
    return datetime.fromisoformat(text)


def same_value(expected: Scalar, found: Scalar) -> bool:
    """Tell whether two values are one and the same to Salesforce.

    It stores no empty text (null instead), trims blanks, writes instants with `+0000`, and names
    a record by 15 or 18 characters.
    """
    expected, found = _stored(expected), _stored(found)
    if isinstance(expected, str) and isinstance(found, str):
        return expected == found or _same_instant(expected, found) or _same_id(expected, found)
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if isinstance(expected, int | float) and isinstance(found, int | float):
        return math.isclose(expected, found, rel_tol=1e-12, abs_tol=1e-9)
    return expected is None and found is None


def differences(
    expected: Mapping[str, Scalar], found: Mapping[str, Scalar]
) -> tuple[Difference, ...]:
    """Return the expected fields that hold something else, in order of field name."""
    return tuple(
        Difference(name, expected[name], found.get(name))
        for name in sorted(expected)
        if not same_value(expected[name], found.get(name))
    )


def _stored(value: Scalar) -> Scalar:
    return (value.strip() or None) if isinstance(value, str) else value


def _same_instant(one: str, other: str) -> bool:
    if not (_INSTANT.match(one) and _INSTANT.match(other)):
        return False
    return parse_instant(one) == parse_instant(other)


def _same_id(one: str, other: str) -> bool:
    if {len(one), len(other)} != {15, 18} or not (looks_like_id(one) and looks_like_id(other)):
        return False
    long, short = sorted((one, other), key=len, reverse=True)
    return long == to_18(short)
