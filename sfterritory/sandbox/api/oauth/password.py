"""The username-password flow, which orgs of today block unless an admin allows it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sfterritory.sandbox.api.oauth.grant import Grant, signed_fields
from sfterritory.sandbox.api.oauth.request import OAuthError, check_client
from sfterritory.sandbox.api.oauth.user import check_may_sign_in, person_named
from sfterritory.sandbox.clock import stored
from sfterritory.sandbox.state import DEFAULT_SCOPE

if TYPE_CHECKING:
    from sfterritory.sandbox.api.oauth.request import SiteRequest
    from sfterritory.sandbox.state import SandboxState

EVERYBODYS_PASSWORD = "sandbox"  # noqa: S105 - documented; nothing is behind it
_TRIES = 10
_LOCKED_MINUTES = 15


def username_password(request: SiteRequest) -> dict[str, str]:
    """Sign a user in by password; a security token may hang onto it.

    Raises:
        OAuthError: The flow is blocked, or the password or the user do not hold.
    """
    if not request.state.switches.password_flow:
        raise OAuthError("invalid_grant", "authentication failure")
    credentials = check_client(request)
    person = person_named(request.state, request.field("username"))
    if person is None:
        raise OAuthError("invalid_grant", "authentication failure")
    if _wrong_tries(request.state, person.id) >= _TRIES:
        raise OAuthError("invalid_grant", "authentication failure - user is locked")
    if not request.field("password").startswith(EVERYBODYS_PASSWORD):
        with request.state.writing() as connection:
            connection.execute(
                "INSERT INTO _wrong_password VALUES (?, ?)",
                (person.id, stored(request.state.now())),
            )
        raise OAuthError("invalid_grant", "authentication failure - Invalid Password")
    check_may_sign_in(request.state, person, credentials)
    return signed_fields(request, credentials, Grant(person.id, DEFAULT_SCOPE))


def _wrong_tries(state: SandboxState, user_id: str) -> int:
    since = stored(state.now() - timedelta(minutes=_LOCKED_MINUTES))
    with state.reading() as connection:
        found = connection.execute(
            "SELECT count(*) FROM _wrong_password WHERE user_id = ? AND at > ?", (user_id, since)
        ).fetchone()
    return int(found[0])
