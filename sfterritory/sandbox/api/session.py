"""Access tokens: who a request comes from, and when its session ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sfterritory.sandbox.api.answer import ApiError
from sfterritory.sandbox.clock import stored
from sfterritory.sandbox.state import SandboxState

_RENEWAL = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Session:
    """A living access token.

    Attributes:
        family: What ties it to the refresh token it came with; '' where there is none.
    """

    token: str
    user_id: str
    client_id: str
    scope: str
    family: str
    issued: datetime
    expires: datetime


def find_session(state: SandboxState, token: str) -> Session | None:
    """Return the token's session, or None where there is none, it has ended, or its user has."""
    with state.reading() as connection:
        row = connection.execute(
            "SELECT t.user_id, t.client_id, t.scope, t.family, t.issued, t.expires "
            'FROM _token t JOIN "User" u ON u.Id = t.user_id '
            "WHERE t.token = ? AND u.IsActive = 1",
            (token,),
        ).fetchone()
    if row is None:
        return None
    issued, expires = (datetime.fromisoformat(one) for one in row[4:])
    user_id, client_id, scope, family = (str(one) for one in row[:4])
    session = Session(
        token, user_id, client_id, scope=scope, family=family, issued=issued, expires=expires
    )
    return session if session.expires > state.now() else None


def bearer_session(state: SandboxState, header: str | None) -> Session | None:
    """Return the living session of an `Authorization` header, or None."""
    token = bearer_token(header)
    return find_session(state, token) if token else None


def bearer_token(header: str | None) -> str:
    """Return the token of an `Authorization` header: `Bearer` or, of old, `OAuth`; '' for none."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() if scheme.lower() in {"bearer", "oauth"} else ""


def authorised(state: SandboxState, header: str | None) -> Session:
    """Return the session of an `Authorization` header; using it prolongs it.

    Raises:
        ApiError: 401 INVALID_SESSION_ID.
    """
    session = bearer_session(state, header)
    if session is None:
        raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
    renewed = state.now() + timedelta(minutes=state.switches.session_minutes)
    if renewed - session.expires > _RENEWAL:  # not with every request: a write is dear
        with state.writing() as connection:
            connection.execute(
                "UPDATE _token SET expires = ? WHERE token = ?", (stored(renewed), session.token)
            )
    return session


def end_session(state: SandboxState, token: str) -> None:
    """End a session at once."""
    with state.writing() as connection:
        connection.execute(
            "UPDATE _token SET expires = ? WHERE token = ?", (stored(state.now()), token)
        )
