"""JWT bearer: an assertion signed by the app's registered key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt

from sfterritory.sandbox.api.oauth.grant import Grant, token_fields
from sfterritory.sandbox.api.oauth.request import OAuthError
from sfterritory.sandbox.api.oauth.user import check_approved, check_may_sign_in, person_named
from sfterritory.sandbox.state import DEFAULT_SCOPE

if TYPE_CHECKING:
    from sfterritory.sandbox.api.oauth.request import SiteRequest

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")


def jwt_bearer(request: SiteRequest) -> dict[str, str]:
    """Sign the assertion's user in; the answer has neither time nor signature.

    Raises:
        OAuthError: Issuer, audience, time, signature or user do not hold.
    """
    credentials = request.state.credentials()
    claims = _claims(request)
    if claims.get("iss") != credentials.client_id:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    _check_audience(request, claims.get("aud"))
    _check_expiry(claims.get("exp"), now_s=request.state.now().timestamp())
    person = person_named(request.state, str(claims.get("sub", "")))
    if person is None:
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    check_may_sign_in(request.state, person, credentials)
    check_approved(request.state, person, credentials)
    return token_fields(request, credentials, Grant(person.id, DEFAULT_SCOPE))


def _claims(request: SiteRequest) -> dict[str, Any]:
    if not request.field("assertion"):
        raise OAuthError("invalid_request", "assertion is required")
    if request.public_key is None:
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    try:
        claims: dict[str, Any] = jwt.decode(
            request.field("assertion"),
            request.public_key,
            algorithms=["RS256"],
            # Time, audience and names are judged by our own clock and words.
            options={
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
                "verify_iss": False,
                "verify_sub": False,
                "verify_jti": False,
            },
        )
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise OAuthError("invalid_grant", "invalid assertion") from error
    return claims


def _check_audience(request: SiteRequest, audience: object) -> None:
    own = (request.origin,) if request.state.switches.jwt_domain_audience else ()
    named = audience if isinstance(audience, list) else [audience]
    if not any(str(one).rstrip("/") in (*_AUDIENCES, *own) for one in named):
        raise OAuthError("invalid_grant", "audience is invalid")


def _check_expiry(exp: object, *, now_s: float) -> None:
    try:
        left_s = int(str(exp)) - now_s  # clients of note send the number as text
    except (ValueError, OverflowError) as error:
        raise OAuthError("invalid_grant", "invalid assertion") from error
    # No upper limit: a client of note counts in milliseconds, and orgs let it in.
    if left_s <= 0:
        raise OAuthError("invalid_grant", "expired authorization code")
