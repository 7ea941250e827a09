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
    """A living access token."""

    token: str
    user_id: str
    issued: datetime
    expires: datetime


def find_session(state: SandboxState, token: str) -> Session | None:
    """Return the token's session, or None where there is none or it has ended."""
    with state.reading() as connection:
        row = connection.execute(
            "SELECT user_id, issued, expires FROM _token WHERE token = ?", (token,)
        ).fetchone()
    if row is None:
        return None
    session = Session(token, row[0], datetime.fromisoformat(row[1]), datetime.fromisoformat(row[2]))
    return session if session.expires > state.now() else None


def authorised(state: SandboxState, header: str | None) -> Session:
    """Return the session of an `Authorization` header; using it prolongs it.

    Raises:
        ApiError: 401 INVALID_SESSION_ID.
    """
    scheme, _, token = (header or "").partition(" ")
    session = None
    if scheme.lower() in {"bearer", "oauth"} and token:
        session = find_session(state, token.strip())
    if session is None:
        raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
    renewed = state.now() + timedelta(minutes=state.switches.session_minutes)
    if renewed - session.expires > _RENEWAL:  # not with every request: a write is dear
        with state.writing() as connection:
            connection.execute(
                "UPDATE _token SET expires = ? WHERE token = ?", (stored(renewed), token.strip())
            )
    return session
