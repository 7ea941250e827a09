"""The token endpoint and introspection."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import jwt

from sfterritory.sandbox.api.answer import json_answer
from sfterritory.sandbox.api.session import find_session
from sfterritory.sandbox.state import Credentials, SandboxState, store_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
_MAX_JWT_SECONDS = 300


class OAuthError(Exception):
    """A refused sign-in: HTTP 400 with `error` and `error_description`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request to an OAuth endpoint: its form and its Basic credentials.

    Attributes:
        origin: The address that the client reached us by.
        public_key: PEM of the key registered for JWT bearer, or None.
    """

    state: SandboxState
    form: Mapping[str, str]
    authorization: str | None
    origin: str
    public_key: bytes | None


def read_form(body: bytes, query: Mapping[str, str]) -> dict[str, str]:
    """Return form fields; some clients put them into the query string."""
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {**query, **dict(pairs)}


def token(request: TokenRequest) -> Response:
    """`POST /services/oauth2/token`."""
    try:
        return json_answer(_granted(request), headers={"Cache-Control": "no-cache, no-store"})
    except OAuthError as error:
        return _refused(error)


def introspect(request: TokenRequest) -> Response:
    """`POST /services/oauth2/introspect`."""
    credentials = request.state.credentials()
    try:
        _check_client(request, credentials)
    except OAuthError as error:
        return _refused(error)
    session = find_session(request.state, request.form.get("token", ""))
    if session is None:
        return json_answer({"active": False})
    return json_answer(
        {
            "active": True,
            "scope": "api web",
            "client_id": credentials.client_id,
            "username": _username(request.state, session.user_id),
            "sub": _identity(request.origin, credentials, session.user_id),
            "token_type": "access_token",
            "exp": int(session.expires.timestamp()),
            "iat": int(session.issued.timestamp()),
            "nbf": int(session.issued.timestamp()),
        }
    )


def _granted(request: TokenRequest) -> dict[str, str]:
    grant = request.form.get("grant_type", "")
    if grant == "client_credentials":
        return _client_credentials(request)
    if grant == JWT_GRANT:
        return _jwt_bearer(request)
    if grant == "password":  # blocked by default in orgs of today
        raise OAuthError("invalid_grant", "authentication failure")
    raise OAuthError("unsupported_grant_type", "grant type not supported")


def _client_credentials(request: TokenRequest) -> dict[str, str]:
    credentials = request.state.credentials()
    _check_client(request, credentials)
    user_id = credentials.run_as_user_id
    issued_at = str(int(request.state.now().timestamp() * 1000))
    identity = _identity(request.origin, credentials, user_id)
    signature = hmac.new(
        credentials.client_secret.encode(), (identity + issued_at).encode(), hashlib.sha256
    )
    return {
        "access_token": store_token(request.state, user_id),
        "signature": base64.b64encode(signature.digest()).decode(),
        "scope": "api web",
        "instance_url": request.origin,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued_at,
        "api_instance_url": request.origin,
    }


def _jwt_bearer(request: TokenRequest) -> dict[str, str]:
    credentials = request.state.credentials()
    claims = _claims(request)
    if claims.get("iss") != credentials.client_id:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if claims.get("aud") not in (*_AUDIENCES, request.origin):  # a tuple: aud may be a list
        raise OAuthError("invalid_grant", "audience is invalid")
    _check_expiry(claims.get("exp"), now_s=request.state.now().timestamp())
    user_id = _active_user(request.state, str(claims.get("sub", "")))
    return {
        "access_token": store_token(request.state, user_id),
        "scope": "api web",
        "instance_url": request.origin,
        "id": _identity(request.origin, credentials, user_id),
        "token_type": "Bearer",
    }


def _claims(request: TokenRequest) -> dict[str, Any]:
    if request.public_key is None:
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    try:
        claims: dict[str, Any] = jwt.decode(
            request.form.get("assertion", ""),
            request.public_key,
            algorithms=["RS256"],
            # Time and audience are judged by our own clock and words, below.
            options={"verify_exp": False, "verify_aud": False, "verify_iat": False},
        )
    except jwt.PyJWTError as error:
        raise OAuthError("invalid_grant", "invalid assertion") from error
    return claims


def _check_expiry(exp: object, *, now_s: float) -> None:
    try:
        left_s = int(str(exp)) - now_s
    except ValueError as error:
        raise OAuthError("invalid_grant", "invalid assertion") from error
    if not 0 < left_s <= _MAX_JWT_SECONDS:
        raise OAuthError("invalid_grant", "expired authorization code")


def _check_client(request: TokenRequest, credentials: Credentials) -> None:
    client_id, client_secret = _client_of(request)
    if client_id is None or client_secret is None:
        raise OAuthError("invalid_request", "client_id and client_secret are required")
    if client_id != credentials.client_id:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if not hmac.compare_digest(client_secret.encode(), credentials.client_secret.encode()):
        raise OAuthError("invalid_client", "invalid client credentials")


def _client_of(request: TokenRequest) -> tuple[str | None, str | None]:
    scheme, _, value = (request.authorization or "").partition(" ")
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise OAuthError("invalid_client", "invalid client credentials") from error
        client_id, _, client_secret = decoded.partition(":")
        return client_id, client_secret
    return request.form.get("client_id"), request.form.get("client_secret")


def _active_user(state: SandboxState, username: str) -> str:
    with state.reading() as connection:
        found = connection.execute(
            'SELECT Id, IsActive FROM "User" WHERE Username = ?', (username,)
        ).fetchone()
    if found is None:
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    if not found[1]:
        raise OAuthError("inactive_user", "user is inactive")
    return str(found[0])


def _username(state: SandboxState, user_id: str) -> str:
    with state.reading() as connection:
        found = connection.execute(
            'SELECT Username FROM "User" WHERE Id = ?', (user_id,)
        ).fetchone()
    return str(found[0])


def _identity(origin: str, credentials: Credentials, user_id: str) -> str:
    return f"{origin}/id/{credentials.org_id}/{user_id}"


def _refused(error: OAuthError) -> Response:
    return json_answer({"error": error.error, "error_description": error.description}, status=400)
