"""Ending a session, and the SOAP login that orgs of today refuse.

The SOAP endpoint knows `login` and `logout` only. A request is looked at as text: nothing of it is
parsed as XML, so nothing of it is expanded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from starlette.responses import Response

from sfterritory.sandbox.api.session import bearer_token, end_session, find_session

if TYPE_CHECKING:
    from sfterritory.sandbox.api.oauth.request import SiteRequest, SiteRoutes

_LAST_WITH_LOGIN = 64
_OPERATION = re.compile(r"<(?:\w+:)?Body\b[^>]*>\s*<(?:\w+:)?(\w+)")
_SESSION = re.compile(r"<(?:\w+:)?sessionId>\s*([^<\s]+)\s*<")


def logout_page(request: SiteRequest) -> Response:
    """`GET /secur/logout.jsp`: ends the session of the token, if it has one."""
    token = bearer_token(request.authorization)
    if token and find_session(request.state, token):
        end_session(request.state, token)
    return Response(status_code=200, media_type="text/html")


def soap(request: SiteRequest) -> Response:
    """`POST /services/Soap/u/64.0`: `logout` works, `login` is switched off."""
    text = request.body.decode("utf-8", "replace")
    found = _OPERATION.search(text)
    operation = found[1] if found else ""
    if operation == "logout":
        return _logged_out(request, text)
    if operation == "login" and _major(request.path["version"]) <= _LAST_WITH_LOGIN:
        return _fault(
            "INVALID_OPERATION",
            "SOAP API login() is disabled by default in this org. login() needs the permission "
            "Use Any API Auth",
        )
    return _fault("INVALID_OPERATION", f"No operation available for request {operation[:40]}")


def _logged_out(request: SiteRequest, text: str) -> Response:
    found = _SESSION.search(text)
    if found is None or find_session(request.state, found[1]) is None:
        return _fault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader")
    end_session(request.state, found[1])
    return _envelope("<logoutResponse/>", status=200)


def _major(version: str) -> int:
    whole = version.partition(".")[0]
    return int(whole) if whole.isascii() and whole.isdigit() and len(whole) < 4 else 999


def _fault(code: str, message: str) -> Response:
    return _envelope(
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode>"
        f"<faultstring>{escape(f'{code}: {message}')}</faultstring></soapenv:Fault>",
        status=500,
    )


def _envelope(body: str, *, status: int) -> Response:
    return Response(
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns="urn:partner.soap.sforce.com">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>",
        status_code=status,
        media_type="text/xml",
    )


_SOAP = {"POST": soap}
SITE_ROUTES: SiteRoutes = {
    "/secur/logout.jsp": {"GET": logout_page, "POST": logout_page},
    "/services/Soap/u/{version}": _SOAP,
    "/services/Soap/u/{version}/{org}": _SOAP,
    "/services/Soap/c/{version}": _SOAP,
    "/services/Soap/c/{version}/{org}": _SOAP,
}
