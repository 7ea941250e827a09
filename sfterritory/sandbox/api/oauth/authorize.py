"""The web server flow: an authorization code by browser, redeemed for tokens.

Nobody sits before the sandbox, so it approves at once: for the user that `login_hint` names, or for
the app's own. It sends codes to this machine only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from starlette.responses import Response

from sfterritory.sandbox.api.oauth.grant import Grant, end_family, new_refresh_token, signed_fields
from sfterritory.sandbox.api.oauth.request import OAuthError, check_client, check_client_id
from sfterritory.sandbox.api.oauth.scope import BROWSER_SCOPE, granted_scope, lasts
from sfterritory.sandbox.api.oauth.user import (
    Person,
    check_may_sign_in,
    person_named,
    person_with_id,
)
from sfterritory.sandbox.clock import stored

if TYPE_CHECKING:
    from sfterritory.sandbox.api.oauth.request import SiteRequest, SiteRoutes
    from sfterritory.sandbox.state import Credentials

_CODE_MINUTES = 15
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_METHODS = {"S256", "plain"}


def authorize(request: SiteRequest) -> Response:
    """`GET` and `POST /services/oauth2/authorize`: redirects with a code, or with an error."""
    target = request.field("redirect_uri")
    try:
        check_client_id(request.field("client_id"), request.state.credentials())
        _check_redirect(target)
    except OAuthError as error:  # an address that is not the app's is told nothing
        pairs = {"error": error.error, "error_description": error.description}
        return Response(urlencode(pairs), status_code=400, media_type="text/plain")
    try:
        answer = {"code": _new_code(request)}
    except OAuthError as error:
        answer = {"error": error.error, "error_description": error.description}
    if request.field("state"):
        answer["state"] = request.field("state")
    joint = "&" if urlsplit(target).query else "?"
    location = f"{target}{joint}{urlencode(answer, quote_via=quote)}"
    return Response(status_code=302, headers={"Location": quote(location, safe=_URI)})


_URI = ":/?#[]@!$&'()*+,;=%-._~"


def code_redeemed(request: SiteRequest) -> dict[str, str]:
    """Return tokens for a code: once, within 15 minutes, to the app and address it was made for.

    Raises:
        OAuthError: One of these does not hold.
    """
    state = request.state
    credentials = check_client(request, secret_required=state.switches.secret_required)
    if not request.field("code"):
        raise OAuthError("invalid_request", "code is required")
    person, scope = _redeemed(request, credentials)
    check_may_sign_in(state, person, credentials)
    family = _family_of(request.field("code"))
    grant = Grant(person.id, scope, family if lasts(scope) else "")
    fields = signed_fields(request, credentials, grant)
    if not grant.family:
        return fields
    with state.writing() as connection:
        fields["refresh_token"] = new_refresh_token(
            connection, grant, client_id=credentials.client_id, state=state
        )
    return fields


def _check_redirect(target: str) -> None:
    try:
        parts = urlsplit(target)
        local = parts.hostname in _LOOPBACK and parts.scheme in {"http", "https"}
    except ValueError:
        local = False
    if not local or not target.isascii() or not target.isprintable() or "#" in target:
        raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")


def _new_code(request: SiteRequest) -> str:
    if request.field("response_type") != "code":
        raise OAuthError("unsupported_response_type", "response type not supported")
    state = request.state
    credentials = state.credentials()
    scope = granted_scope(request.field("scope"), default=BROWSER_SCOPE)
    challenge, method = _challenge(request)
    person = _person(request, credentials)
    check_may_sign_in(state, person, credentials)
    code = f"aPrx{secrets.token_urlsafe(60)}"
    with state.writing() as connection:
        connection.execute(
            "INSERT INTO _authorization_code VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)",
            (
                code,
                person.id,
                credentials.client_id,
                request.field("redirect_uri"),
                scope,
                challenge,
                method,
                stored(state.now() + timedelta(minutes=_CODE_MINUTES)),
            ),
        )
    return code


def _person(request: SiteRequest, credentials: Credentials) -> Person:
    hint = request.field("login_hint")
    person = (
        person_named(request.state, hint)
        if hint
        else person_with_id(request.state, credentials.run_as_user_id)
    )
    if person is None:
        raise OAuthError("access_denied", "end-user denied authorization")
    return person


def _challenge(request: SiteRequest) -> tuple[str, str]:
    """Return the code challenge and how it was made; two empty texts where there is none."""
    challenge, method = request.field("code_challenge"), request.field("code_challenge_method")
    if not challenge:
        if request.state.switches.pkce_required:
            raise OAuthError("invalid_request", "missing required code challenge")
        return "", ""
    default = "S256" if request.state.switches.pkce_default_s256 else "plain"
    if (method or default) not in _METHODS:
        raise OAuthError("invalid_request", "unsupported code challenge method")
    return challenge, method or default


def _redeemed(request: SiteRequest, credentials: Credentials) -> tuple[Person, str]:
    """Spend a code and return whom and what it stands for."""
    state, code = request.state, request.field("code")
    with state.reading() as connection:
        row = connection.execute(
            "SELECT user_id, client_id, redirect_uri, scope, challenge, method, expires, living "
            "FROM _authorization_code WHERE code = ?",
            (code,),
        ).fetchone()
    if row is None or row[1] != credentials.client_id:
        raise OAuthError("invalid_grant", "invalid authorization code")
    user_id, _, redirect_uri, scope, challenge, method, expires, living = row
    if not living:
        end_family(state, _family_of(code))  # two have it: one of them stole it
    if not living or datetime.fromisoformat(expires) <= state.now():
        raise OAuthError("invalid_grant", "expired authorization code")
    if request.field("redirect_uri") != redirect_uri:
        raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
    if challenge and not _verified(request.field("code_verifier"), challenge, method=method):
        raise OAuthError("invalid_grant", "invalid code verifier")
    with state.writing() as connection:
        spent = connection.execute(
            "UPDATE _authorization_code SET living = 0 WHERE code = ? AND living = 1", (code,)
        )
    person = person_with_id(state, user_id)
    if person is None or spent.rowcount != 1:
        raise OAuthError("invalid_grant", "expired authorization code")
    return person, str(scope)


def _verified(verifier: str, challenge: str, *, method: str) -> bool:
    given = verifier.encode()
    if method == "S256":
        given = base64.urlsafe_b64encode(hashlib.sha256(given).digest()).rstrip(b"=")
    return hmac.compare_digest(given, challenge.encode())


def _family_of(code: str) -> str:
    """Return what ties the tokens of one code together, without keeping the code."""
    return hashlib.sha256(code.encode()).hexdigest()[:32]


SITE_ROUTES: SiteRoutes = {"/services/oauth2/authorize": {"GET": authorize, "POST": authorize}}
