"""The API versions that the org serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfterritory.sandbox.api.answer import ApiError, Call, Routes, is_number, json_answer

if TYPE_CHECKING:
    from starlette.responses import Response

OLDEST = 31
NEWEST = 66
_WINTER_18 = 41
_SEASONS = ("Winter", "Spring", "Summer")


def versions() -> Response:
    """`GET /services/data`: ascending, without sign-in; clients take the last."""
    return json_answer(
        [
            {
                "label": _season(number),
                "url": f"/services/data/v{number}.0",
                "version": f"{number}.0",
            }
            for number in range(OLDEST, NEWEST + 1)
        ]
    )


def _season(number: int) -> str:
    releases = number - _WINTER_18
    return f"{_SEASONS[releases % 3]} '{18 + releases // 3}"


def checked_version(text: str) -> str:
    """Return the version of a path, `v62.0`, as `62.0`.

    Raises:
        ApiError: 410 for a retired version, 404 for one that we do not serve.
    """
    whole, _, fraction = text.removeprefix("v").partition(".")
    known = is_number(whole) and fraction in {"", "0"}
    if known and int(whole) < OLDEST:
        raise ApiError(410, "GONE", f"API version {int(whole)}.0 is retired")
    if not known or int(whole) > NEWEST:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return f"{int(whole)}.0"


def resources(call: Call) -> Response:
    """`GET /services/data/vXX.X`: what there is, and who asks."""
    names = ("sobjects", "query", "queryAll", "limits", "composite", "jobs")
    root = f"/services/data/v{call.version}"
    org_id = call.state.credentials().org_id
    return json_answer(
        {
            **{name: f"{root}/{name}" for name in names},
            "identity": f"{call.origin}/id/{org_id}/{call.user_id}",
        }
    )


ROUTES: Routes = {"": {"GET": resources}}
