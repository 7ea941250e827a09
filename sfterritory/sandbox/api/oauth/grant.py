"""Tokens handed out: the fields of a successful sign-in, and refresh tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfterritory.sandbox.api.oauth.request import OAuthError, identity_url
from sfterritory.sandbox.clock import stored
from sfterritory.sandbox.state import store_token

if TYPE_CHECKING:
    import sqlite3

    from sfterritory.sandbox.api.oauth.request import SiteRequest
    from sfterritory.sandbox.state import Credentials, SandboxState


@dataclass(frozen=True, slots=True)
class Grant:
    """What a sign-in allows.

    Attributes:
        family: Ties an access token to its refresh token; '' where there is none.
    """

    user_id: str
    scope: str
    family: str = ""


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A stored refresh token; a dead one is kept to be recognised."""

    token: str
    family: str
    user_id: str
    client_id: str
    scope: str
    living: bool


def token_fields(request: SiteRequest, credentials: Credentials, grant: Grant) -> dict[str, str]:
    """Issue an access token and return what every flow answers."""
    return {
        "access_token": store_token(
            request.state,
            grant.user_id,
            client_id=credentials.client_id,
            scope=grant.scope,
            family=grant.family,
        ),
        "scope": grant.scope,
        "instance_url": request.origin,
        "id": identity_url(request, credentials, grant.user_id),
        "token_type": "Bearer",
    }


def signed_fields(request: SiteRequest, credentials: Credentials, grant: Grant) -> dict[str, str]:
    """Issue an access token and return its fields with time and signature."""
    fields = token_fields(request, credentials, grant)
    issued_at = str(int(request.state.now().timestamp() * 1000))
    signature = hmac.new(
        credentials.client_secret.encode(), (fields["id"] + issued_at).encode(), hashlib.sha256
    )
    return {
        **fields,
        "signature": base64.b64encode(signature.digest()).decode(),
        "issued_at": issued_at,
    }


def new_refresh_token(
    connection: sqlite3.Connection, grant: Grant, *, client_id: str, state: SandboxState
) -> str:
    """Store and return a refresh token of the grant's family."""
    token = f"5Aep861{secrets.token_urlsafe(60)}"
    connection.execute(
        "INSERT INTO _refresh_token VALUES (?, ?, ?, ?, ?, ?, 1)",
        (token, grant.family, grant.user_id, client_id, grant.scope, stored(state.now())),
    )
    return token


def find_refresh_token(state: SandboxState, token: str) -> RefreshToken | None:
    """Return the stored token, living or dead, or None."""
    with state.reading() as connection:
        row = connection.execute(
            "SELECT token, family, user_id, client_id, scope, living FROM _refresh_token "
            "WHERE token = ?",
            (token,),
        ).fetchone()
    if row is None:
        return None
    kept, family, user_id, client_id, scope, living = row
    return RefreshToken(kept, family, user_id, client_id, scope=scope, living=bool(living))


def rotated(request: SiteRequest, old: RefreshToken) -> str:
    """Put a new refresh token in the place of an old one, which dies.

    Raises:
        OAuthError: Somebody else was faster.
    """
    with request.state.writing() as connection:
        died = connection.execute(
            "UPDATE _refresh_token SET living = 0 WHERE token = ? AND living = 1", (old.token,)
        )
        if died.rowcount != 1:
            raise OAuthError("invalid_grant", "expired access/refresh token")
        grant = Grant(old.user_id, old.scope, old.family)
        return new_refresh_token(connection, grant, client_id=old.client_id, state=request.state)


def end_family(state: SandboxState, family: str) -> None:
    """End every access and refresh token of one sign-in."""
    with state.writing() as connection:
        connection.execute("UPDATE _refresh_token SET living = 0 WHERE family = ?", (family,))
        connection.execute(
            "UPDATE _token SET expires = ? WHERE family = ?", (stored(state.now()), family)
        )
