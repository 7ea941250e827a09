"""Looking at a token, and ending it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from sfterritory.sandbox.api.answer import json_answer
from sfterritory.sandbox.api.oauth.grant import end_family, find_refresh_token
from sfterritory.sandbox.api.oauth.request import (
    OAuthError,
    SiteRequest,
    check_client,
    identity_url,
    refused,
)
from sfterritory.sandbox.api.oauth.user import person_with_id
from sfterritory.sandbox.api.session import end_session, find_session

if TYPE_CHECKING:
    from sfterritory.sandbox.api.oauth.request import SiteRoutes
    from sfterritory.sandbox.state import Credentials


def introspect(request: SiteRequest) -> Response:
    """`POST /services/oauth2/introspect`: for the app that holds the token."""
    try:
        credentials = check_client(request)
    except OAuthError as error:
        return refused(request.state, error)
    found = _access(request, credentials) or _refresh(request, credentials)
    return json_answer(found or {"active": False})


def revoke(request: SiteRequest) -> Response:
    """`GET` and `POST /services/oauth2/revoke`: a refresh token takes its access tokens along."""
    token = request.field("token")
    kept = find_refresh_token(request.state, token)
    if kept is not None and kept.living:
        end_family(request.state, kept.family)
        return Response(status_code=200)
    if find_session(request.state, token) is not None:
        end_session(request.state, token)
        return Response(status_code=200)
    return refused(request.state, OAuthError("invalid_token", "invalid token"))


def _access(request: SiteRequest, credentials: Credentials) -> dict[str, Any] | None:
    session = find_session(request.state, request.field("token"))
    if session is None:
        return None
    issued = int(session.issued.timestamp())
    return {
        **_facts(request, credentials, user_id=session.user_id, scope=session.scope),
        "token_type": "access_token",
        "exp": int(session.expires.timestamp()),
        "iat": issued,
        "nbf": issued,
    }


def _refresh(request: SiteRequest, credentials: Credentials) -> dict[str, Any] | None:
    kept = find_refresh_token(request.state, request.field("token"))
    if kept is None or not kept.living:
        return None
    facts = _facts(request, credentials, user_id=kept.user_id, scope=kept.scope)
    return {**facts, "token_type": "refresh_token"}


def _facts(
    request: SiteRequest, credentials: Credentials, *, user_id: str, scope: str
) -> dict[str, Any]:
    person = person_with_id(request.state, user_id)
    return {
        "active": True,
        "scope": scope,
        "client_id": credentials.client_id,
        "username": person.username if person else None,
        "sub": identity_url(request, credentials, user_id),
    }


SITE_ROUTES: SiteRoutes = {
    "/services/oauth2/introspect": {"POST": introspect},
    "/services/oauth2/revoke": {"GET": revoke, "POST": revoke},
}
