"""What form of answer a client asks for: this server writes JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfterritory.sandbox.api.answer import ApiError

if TYPE_CHECKING:
    from sfterritory.sandbox.api.answer import Call

_TAKES_JSON = frozenset({"*/*", "application/*", "application/json"})


def check_takes_json(call: Call) -> None:
    """Refuse a client that wants XML and nothing else; other wishes are overlooked, as clients err.

    Raises:
        ApiError: 406.
    """
    accept = call.headers.get("accept", "")
    kinds = {one.partition(";")[0].strip().lower() for one in accept.split(",")}
    if any(kind.endswith("xml") for kind in kinds) and not kinds & _TAKES_JSON:
        raise ApiError(
            406,
            "NOT_ACCEPTABLE",
            f"The sandbox answers in application/json only, not in {accept[:80]}",
        )
