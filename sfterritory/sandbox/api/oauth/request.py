"""Requests to the endpoints outside `/services/data`, and the form of their refusals."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from sfterritory.sandbox.api.answer import json_answer
from sfterritory.sandbox.state import Credentials, SandboxState

if TYPE_CHECKING:
    from starlette.responses import Response

SiteHandler = Callable[["SiteRequest"], "Response"]
# Path, then method, then what answers, for everything outside `/services/data`.
SiteRoutes = Mapping[str, Mapping[str, SiteHandler]]


class OAuthError(Exception):
    """A refused sign-in: HTTP 400 with `error` and `error_description`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class SiteRequest:
    """A request outside `/services/data`.

    Attributes:
        path: The variable parts of the path.
        form: Fields of the form and the query string; the form wins.
        authorization: The header, or None.
        host: The `Host` header: whom the client believes to talk to.
        origin: The address that the client reached us by.
        public_key: PEM of the key registered for JWT bearer, or None.
    """

    state: SandboxState
    method: str
    path: Mapping[str, str]
    form: Mapping[str, str]
    body: bytes
    authorization: str | None
    host: str
    origin: str
    public_key: bytes | None

    def field(self, name: str) -> str:
        """Return a form field; '' where it is missing."""
        return self.form.get(name, "")


def read_form(body: bytes, headers: Mapping[str, str], query: Mapping[str, str]) -> dict[str, str]:
    """Return form fields; some clients put them into the query string."""
    if "xml" in headers.get("content-type", ""):
        return dict(query)
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {**query, **dict(pairs)}


def refused(state: SandboxState, error: OAuthError) -> Response:
    """Return a refused sign-in as its answer."""
    answer = {"error": error.error}
    if state.switches.oauth_error_descriptions:
        answer["error_description"] = error.description
    return json_answer(answer, status=400, headers={"Cache-Control": "no-cache, no-store"})


def check_client_id(client_id: str, credentials: Credentials) -> None:
    """Check that an app is the org's.

    Raises:
        OAuthError: It is not named, or unknown.
    """
    if not client_id:
        raise OAuthError("invalid_request", "client_id is required")
    if client_id != credentials.client_id:
        raise OAuthError("invalid_client_id", "client identifier invalid")


def check_client(request: SiteRequest, *, secret_required: bool = True) -> Credentials:
    """Check the app's id and secret, from the form or from HTTP Basic, and return its facts.

    Raises:
        OAuthError: One is missing or wrong.
    """
    credentials = request.state.credentials()
    client_id, client_secret = _client_of(request)
    check_client_id(client_id, credentials)
    if not client_secret:
        if secret_required:
            raise OAuthError("invalid_request", "client_secret is required")
        return credentials
    if not hmac.compare_digest(client_secret.encode(), credentials.client_secret.encode()):
        wrong = request.state.switches.wrong_secret_error
        raise OAuthError(wrong, "invalid client credentials")
    return credentials


def _client_of(request: SiteRequest) -> tuple[str, str]:
    scheme, _, value = (request.authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return request.field("client_id"), request.field("client_secret")
    try:
        decoded = base64.b64decode(value, validate=True).decode()
    except ValueError as error:  # not base64, not ASCII, not UTF-8
        raise OAuthError("invalid_client", "invalid client credentials") from error
    client_id, _, client_secret = decoded.partition(":")
    return client_id, client_secret


def identity_url(request: SiteRequest, credentials: Credentials, user_id: str) -> str:
    """Return the address that stands for a user; clients compare the org id in it."""
    return f"{request.origin}/id/{credentials.org_id}/{user_id}"
