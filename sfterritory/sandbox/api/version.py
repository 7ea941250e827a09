"""The API versions that the org serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfterritory.sandbox.api.answer import ApiError, Call, Routes, is_number, json_answer

if TYPE_CHECKING:
    from starlette.responses import Response

OLDEST = 41
NEWEST = 66
_RETIRED_BELOW = 31
_SEASONS = ("Winter", "Spring", "Summer")


def versions() -> Response:
    """`GET /services/data`: ascending, without sign-in; clients take the last."""
    return json_answer(
        [
            {
                "label": f"{_SEASONS[(number - OLDEST) % 3]} '{18 + (number - OLDEST) // 3}",
                "url": f"/services/data/v{number}.0",
                "version": f"{number}.0",
            }
            for number in range(OLDEST, NEWEST + 1)
        ]
    )


def checked_version(text: str) -> str:
    """Return the version of a path, `v62.0`, as `62.0`.

    Raises:
        ApiError: 410 for a retired version, 404 for one that we do not serve.
    """
    whole, _, fraction = text.removeprefix("v").partition(".")
    known = is_number(whole) and fraction in {"", "0"}
    if known and int(whole) < _RETIRED_BELOW:
        raise ApiError(410, "UNSUPPORTED_API_VERSION", f"API version {whole}.0 is retired")
    if not known or not OLDEST <= int(whole) <= NEWEST:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return f"{int(whole)}.0"


def resources(call: Call) -> Response:
    """`GET /services/data/vXX.X`: what there is."""
    names = ("sobjects", "query", "queryAll", "limits", "composite", "jobs")
    return json_answer({name: f"/services/data/v{call.version}/{name}" for name in names})


ROUTES: Routes = {"": {"GET": resources}}
