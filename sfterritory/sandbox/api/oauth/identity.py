"""Who a token belongs to: userinfo, and the address that stands for a user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from sfterritory.sandbox.api.answer import json_answer
from sfterritory.sandbox.api.oauth.request import SiteRequest, identity_url
from sfterritory.sandbox.api.session import Session, bearer_session, bearer_token
from sfterritory.sandbox.api.version import NEWEST
from sfterritory.sandbox.clock import rest_form
from sfterritory.sandbox.ids import normalised
from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.state import row_of

if TYPE_CHECKING:
    from sfterritory.sandbox.api.oauth.request import SiteRoutes
    from sfterritory.sandbox.state import Credentials


def userinfo(request: SiteRequest) -> Response:
    """`GET` and `POST /services/oauth2/userinfo`."""
    session = _session(request)
    if session is None:
        return _bad_token(request)
    credentials = request.state.credentials()
    user = _user(request, session.user_id) or {}
    return json_answer(
        {
            "sub": identity_url(request, credentials, session.user_id),
            "user_id": session.user_id,
            "organization_id": credentials.org_id,
            "preferred_username": user.get("Username"),
            "nickname": user.get("Alias") or user.get("Username"),
            "name": user.get("Name"),
            "email": user.get("Email"),
            "email_verified": True,
            "given_name": user.get("FirstName"),
            "family_name": user.get("LastName"),
            "zoneinfo": "GMT",
            "photos": {},
            "profile": f"{request.origin}/{session.user_id}",
            "urls": _urls(request, session.user_id, credentials),
            "active": bool(user.get("IsActive")),
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "utcOffset": 0,
            "updated_at": rest_form(str(user.get("LastModifiedDate"))),
        }
    )


def identity(request: SiteRequest) -> Response:
    """`GET /id/ORG/USER`."""
    if _session(request) is None:
        return _bad_token(request)
    credentials = request.state.credentials()
    if normalised(request.path["org"]) != credentials.org_id:
        return Response("Wrong_Org", status_code=403, media_type="text/html")
    user_id = normalised(request.path["user"])
    user = _user(request, user_id) if user_id else None
    if user is None or user_id is None:
        return Response("Bad_Id", status_code=404, media_type="text/html")
    return json_answer(
        {
            "id": identity_url(request, credentials, user_id),
            "asserted_user": True,
            "user_id": user_id,
            "organization_id": credentials.org_id,
            "username": user.get("Username"),
            "nick_name": user.get("Alias") or user.get("Username"),
            "display_name": user.get("Name"),
            "email": user.get("Email"),
            "email_verified": True,
            "first_name": user.get("FirstName"),
            "last_name": user.get("LastName"),
            "timezone": "GMT",
            "photos": {},
            "mobile_phone": None,
            "mobile_phone_verified": False,
            "status": {"created_date": None, "body": None},
            "urls": _urls(request, user_id, credentials),
            "active": bool(user.get("IsActive")),
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "utcOffset": 0,
            "last_modified_date": rest_form(str(user.get("LastModifiedDate"))),
            "is_app_installed": True,
        }
    )


def _session(request: SiteRequest) -> Session | None:
    header = request.authorization
    if not header:
        for name in ("oauth_token", "access_token"):  # clients of old put it into the query
            if request.field(name):
                header = f"Bearer {request.field(name)}"
    return bearer_session(request.state, header)


def _bad_token(request: SiteRequest) -> Response:
    """Refuse as these endpoints do: no JSON."""
    given = bearer_token(request.authorization) or request.field("oauth_token")
    text = request.state.switches.bad_token_text if given else "Missing_OAuth_Token"
    return Response(text, status_code=403, media_type="text/html")


def _user(request: SiteRequest, user_id: str) -> dict[str, Any] | None:
    with request.state.reading() as connection:
        return row_of(connection, EVERYTHING.objects["User"], user_id)


def _urls(request: SiteRequest, user_id: str, credentials: Credentials) -> dict[str, str]:
    """Return where the user's APIs are; `?version=` fills the version in."""
    asked = request.field("version")
    version = f"{NEWEST}.0" if asked == "latest" else asked or "{version}"
    root = f"{request.origin}/services/data/v{version}"
    return {
        "rest": f"{root}/",
        "sobjects": f"{root}/sobjects/",
        "query": f"{root}/query/",
        "partner": f"{request.origin}/services/Soap/u/{version}/{credentials.org_id[:15]}",
        "profile": f"{request.origin}/{user_id}",
        "custom_domain": request.origin,
    }


SITE_ROUTES: SiteRoutes = {
    "/services/oauth2/userinfo": {"GET": userinfo, "POST": userinfo},
    "/id/{org}/{user}": {"GET": identity, "POST": identity},
}
