"""Requests as handlers see them, answers in the platform's form, and errors as lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from sfterritory.sandbox.api.json_body import JsonError, parsed_json
from sfterritory.sandbox.state import SandboxState, dump_json

if TYPE_CHECKING:
    from sfterritory.sandbox.api.router import Router
    from sfterritory.sandbox.org_schema import OrgSchema

Handler = Callable[["Call"], Response]
# Below `/services/data/vXX.0`: path, then method, then what answers. Every module of this folder
# declares its own; several may share a path.
Routes = Mapping[str, Mapping[str, Handler]]

JSON_TYPE = "application/json;charset=UTF-8"
_JSON_TYPES = frozenset({"", "application/json"})


class ApiError(Exception):
    """A request that fails as a whole.

    Attributes:
        status: HTTP status.
        code: The platform's error code.
        message: Its text.
        fields: The fields at fault; None leaves the key out.
        headers: What the answer carries beside the body.
        more: Further keys of the error, such as the duplicates that were found.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        fields: tuple[str, ...] | None = None,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields
        self.headers = headers or {}
        self.more = more or {}


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised request.

    Attributes:
        version: The API version of the path: `62.0`.
        method: `GET`, `PATCH`, ...
        user_id: Whose session it is.
        schema: What that user sees of the org.
        path: The variable parts of the path.
        query: The query string, last value of each key, keys as sent.
        headers: By lower-case name.
        routes: The handlers below a version, for requests inside this one.
    """

    state: SandboxState
    version: str
    method: str
    user_id: str
    schema: OrgSchema
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    origin: str
    routes: Router[Handler]

    def json_object(self) -> dict[str, Any]:
        """Return the body's JSON object.

        Raises:
            ApiError: 415 for another content type, 400 where the body is no JSON object.
        """
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _JSON_TYPES:
            raise ApiError(
                415,
                "UNSUPPORTED_MEDIA_TYPE",
                f"Content-Type header specified in HTTP request is not supported: {kind[:80]}",
            )
        try:
            value = parsed_json(self.body)
        except JsonError as error:
            raise ApiError(400, "JSON_PARSER_ERROR", str(error)) from error
        if not isinstance(value, dict):
            raise ApiError(
                400, "JSON_PARSER_ERROR", "The HTTP entity body is required to be a JSON object"
            )
        return value


def json_answer(
    value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a JSON answer."""
    return Response(
        dump_json(value).encode("utf-8", "replace"),
        status_code=status,
        headers={"Content-Type": JSON_TYPE, **(headers or {})},
    )


def no_content() -> Response:
    """Return 204 without a body."""
    return Response(status_code=204)


def error_answer(error: ApiError) -> Response:
    """Return a failure as the list that REST clients read."""
    entry: dict[str, Any] = {
        **error.more,
        "message": error.message,
        "errorCode": error.code,
    }
    if error.fields is not None:
        entry["fields"] = list(error.fields)
    return json_answer([entry], status=error.status, headers=error.headers)


def not_found() -> ApiError:
    """Return the failure for a resource that does not exist."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def is_number(text: str) -> bool:
    """Whether the text is a whole number that fits into the database's integers."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def whole_number(value: str, *, name: str, at_least: int = 0) -> int:
    """Return a query parameter's number.

    Raises:
        ApiError: It is none, or too small.
    """
    if not is_number(value) or int(value) < at_least:
        raise ApiError(400, "INVALID_QUERY_VALUE", f"{name} must be a number, not {value[:40]!r}")
    return int(value)
