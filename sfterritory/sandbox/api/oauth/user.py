"""Who signs in: whether a user may use the app, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sfterritory.sandbox.api.oauth.request import OAuthError
from sfterritory.sandbox.clock import stored

if TYPE_CHECKING:
    from sfterritory.sandbox.state import Credentials, SandboxState


@dataclass(frozen=True, slots=True)
class Person:
    """A user as sign-in sees one; frozen ones are not active."""

    id: str
    username: str
    active: bool


def person_named(state: SandboxState, username: str) -> Person | None:
    """Return the user of that username in any case, or None."""
    return _person(state, "Username", username)


def person_with_id(state: SandboxState, user_id: str) -> Person | None:
    """Return the user of that id, or None."""
    return _person(state, "Id", user_id)


def _person(state: SandboxState, column: str, value: str) -> Person | None:
    with state.reading() as connection:
        row = connection.execute(
            "SELECT u.Id, u.Username, u.IsActive AND NOT coalesce(l.IsFrozen, 0) "  # noqa: S608 - one of two names
            f'FROM "User" u LEFT JOIN UserLogin l ON l.UserId = u.Id WHERE u."{column}" = ?',
            (value,),
        ).fetchone()
    return None if row is None else Person(str(row[0]), str(row[1]), bool(row[2]))


def check_may_sign_in(state: SandboxState, person: Person, credentials: Credentials) -> None:
    """Check the org, the user, the app's approval and the rate of sign-ins.

    Raises:
        OAuthError: One of them stands against it.
    """
    switches = state.switches
    if not switches.org_active:
        raise OAuthError("inactive_org", "organization is inactive")
    if not person.active:
        raise OAuthError("inactive_user", "user is inactive")
    if switches.admin_approved_users_only and person.id != credentials.run_as_user_id:
        raise OAuthError("invalid_app_access", "user is not admin approved to access this app")
    hour_ago = stored(state.now() - timedelta(hours=1))
    with state.reading() as connection:
        signed_in = connection.execute(
            "SELECT count(*) FROM _token WHERE user_id = ? AND issued > ?", (person.id, hour_ago)
        ).fetchone()[0]
    if signed_in >= switches.logins_per_hour:
        raise OAuthError("rate_limit_exceeded", "login rate exceeded")


def check_approved(state: SandboxState, person: Person, credentials: Credentials) -> None:
    """Check that a user once let the app in by browser, where the app asks for that.

    Raises:
        OAuthError: The user never did.
    """
    if not state.switches.users_approve_app:
        return
    with state.reading() as connection:
        found = connection.execute(
            "SELECT 1 FROM _authorization_code WHERE user_id = ? AND client_id = ?",
            (person.id, credentials.client_id),
        ).fetchone()
    if found is None:
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
