"""The token endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfterritory.sandbox.api.answer import json_answer
from sfterritory.sandbox.api.oauth.assertion import JWT_GRANT, jwt_bearer
from sfterritory.sandbox.api.oauth.authorize import code_redeemed
from sfterritory.sandbox.api.oauth.grant import (
    Grant,
    end_family,
    find_refresh_token,
    rotated,
    signed_fields,
)
from sfterritory.sandbox.api.oauth.password import username_password
from sfterritory.sandbox.api.oauth.request import OAuthError, SiteRequest, check_client, refused
from sfterritory.sandbox.api.oauth.scope import granted_scope
from sfterritory.sandbox.api.oauth.user import check_may_sign_in, person_with_id
from sfterritory.sandbox.state import DEFAULT_SCOPE

if TYPE_CHECKING:
    from starlette.responses import Response

    from sfterritory.sandbox.api.oauth.request import SiteRoutes

_LOGIN_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})


def token(request: SiteRequest) -> Response:
    """`POST /services/oauth2/token`."""
    grant = _GRANTS.get(request.field("grant_type"), _unknown)
    try:
        return json_answer(grant(request), headers={"Cache-Control": "no-cache, no-store"})
    except OAuthError as error:
        return refused(request.state, error)


def _unknown(_request: SiteRequest) -> dict[str, str]:
    raise OAuthError("unsupported_grant_type", "grant type not supported")


def _client_credentials(request: SiteRequest) -> dict[str, str]:
    if request.host.partition(":")[0].lower() in _LOGIN_HOSTS:
        raise OAuthError("invalid_grant", "request not supported on this domain")
    credentials = check_client(request)
    person = person_with_id(request.state, credentials.run_as_user_id)
    if person is None or not request.state.switches.client_credentials_user:
        raise OAuthError("invalid_grant", "no client credentials user enabled")
    check_may_sign_in(request.state, person, credentials)
    scope = granted_scope(request.field("scope"), default=DEFAULT_SCOPE)
    return {
        **signed_fields(request, credentials, Grant(person.id, scope)),
        "api_instance_url": request.origin,
    }


def _refresh_token(request: SiteRequest) -> dict[str, str]:
    switches = request.state.switches
    credentials = check_client(request, secret_required=switches.secret_required)
    if not request.field("refresh_token"):
        raise OAuthError("invalid_request", "refresh_token is required")
    found = find_refresh_token(request.state, request.field("refresh_token"))
    if found is None or found.client_id != credentials.client_id:
        raise OAuthError("invalid_grant", "expired access/refresh token")
    if not found.living:
        if switches.rotated_reuse_ends_all:
            end_family(request.state, found.family)
        raise OAuthError("invalid_grant", "expired access/refresh token")
    person = person_with_id(request.state, found.user_id)
    if person is None:
        raise OAuthError("invalid_grant", "expired access/refresh token")
    check_may_sign_in(request.state, person, credentials)
    successor = (
        {"refresh_token": rotated(request, found)} if switches.refresh_token_rotation else {}
    )
    grant = Grant(found.user_id, found.scope, found.family)
    return {**signed_fields(request, credentials, grant), **successor}


_GRANTS = {
    "client_credentials": _client_credentials,
    JWT_GRANT: jwt_bearer,
    "refresh_token": _refresh_token,
    "authorization_code": code_redeemed,
    "password": username_password,
}
SITE_ROUTES: SiteRoutes = {"/services/oauth2/token": {"POST": token}}
