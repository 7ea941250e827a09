"""Which situation gives which OAuth error, and the endpoints that answer without JSON."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.client import Org
from sandbox.conftest import Ticking
from sandbox.switching import switch

TOKEN = "/services/oauth2/token"


def client_credentials(org: Org, **fields: str) -> dict[str, Any]:
    form = {
        "grant_type": "client_credentials",
        "client_id": org.handle.client_id, "client_secret": org.handle.client_secret,
    }  # fmt: skip
    return dict(org.http.post(TOKEN, data={**form, **fields}).json())


def password(org: Org, username: str, given: str) -> dict[str, Any]:
    form = {
        "grant_type": "password", "username": username, "password": given,
        "client_id": org.handle.client_id, "client_secret": org.handle.client_secret,
    }  # fmt: skip
    return dict(org.http.post(TOKEN, data=form).json())


@pytest.mark.parametrize(
    ("switches", "error", "description"),
    [
        ({"org_active": False}, "inactive_org", "organization is inactive"),
        ({"client_credentials_user": False}, "invalid_grant",
         "no client credentials user enabled"),
        ({"logins_per_hour": 1}, "rate_limit_exceeded", "login rate exceeded"),
    ],
)  # fmt: skip
def test_what_an_org_may_have_against_a_sign_in(
    org: Org, switches: dict[str, Any], error: str, description: str
) -> None:
    switch(org, **switches)

    assert client_credentials(org) == {"error": error, "error_description": description}


def test_the_rate_of_sign_ins_falls_within_the_hour(org: Org, clock: Ticking) -> None:
    switch(org, logins_per_hour=1)
    clock.advance(minutes=61)

    assert "access_token" in client_credentials(org)
    assert client_credentials(org)["error"] == "rate_limit_exceeded"


def test_a_wrong_secret_a_strange_scope_and_the_wrong_host_are_told_apart(org: Org) -> None:
    switch(org, wrong_secret_error="invalid_client_credentials")
    wrong = client_credentials(org, client_secret="x")
    switch(org, oauth_error_descriptions=False)
    bare = client_credentials(org, client_secret="x")
    switch(org, oauth_error_descriptions=True)
    elsewhere = org.http.post(
        TOKEN, data={"grant_type": "client_credentials"}, headers={"Host": "login.salesforce.com"}
    ).json()

    assert wrong["error"] == "invalid_client_credentials"
    assert bare == {"error": "invalid_client_credentials"}
    assert client_credentials(org, scope="api moon")["error"] == "invalid_scope"
    assert elsewhere["error_description"] == "request not supported on this domain"


def test_the_password_flow_is_blocked_until_an_admin_allows_it(org: Org, clock: Ticking) -> None:
    (user,) = org.soql("SELECT Id, Username FROM User WHERE Title = 'Support Specialist'")
    name = user["Username"]
    blocked = password(org, name, "sandbox")
    switch(org, password_flow=True)

    allowed = password(org, name.upper(), "sandbox" + "securityTOKEN")
    wrong = [password(org, name, "no")["error_description"] for _ in range(11)]
    clock.advance(minutes=16)
    later = password(org, name, "sandbox")

    assert blocked == {"error": "invalid_grant", "error_description": "authentication failure"}
    assert allowed["id"].endswith(user["Id"])
    assert wrong[0] == "authentication failure - Invalid Password"
    assert wrong[10] == "authentication failure - user is locked"
    assert "access_token" in later


def test_only_approved_users_get_in_where_the_admin_says_so(org: Org) -> None:
    (user,) = org.soql("SELECT Username FROM User WHERE Title = 'Support Specialist'")
    switch(org, password_flow=True, admin_approved_users_only=True)

    assert password(org, user["Username"], "sandbox")["error"] == "invalid_app_access"
    assert "access_token" in client_credentials(org)


def test_who_somebody_is_stands_behind_the_identity_of_a_token(org: Org) -> None:
    address = client_credentials(org)["id"]

    identity = org.http.get(address).json()
    info = org.http.get("/services/oauth2/userinfo").json()
    listed = org.get("/").json()

    assert listed["identity"] == address == identity["id"] == info["sub"]
    assert identity["organization_id"] == info["organization_id"] == org.handle.org_id
    assert identity["username"] == info["preferred_username"]
    assert org.http.get(address.replace("/00D", "/00E")).text == "Wrong_Org"


@pytest.mark.parametrize("path", ["/services/oauth2/userinfo", "/id/00D/005"])
def test_a_bad_token_at_an_identity_is_refused_without_json(reading_org: Org, path: str) -> None:
    answer = reading_org.http.get(path, headers={"Authorization": "Bearer 00Dx!no"})

    assert (answer.status_code, answer.text) == (403, "Bad_OAuth_Token")


def test_a_session_dies_with_its_user(org: Org) -> None:
    (user,) = org.soql("SELECT Id, Username FROM User WHERE Title = 'Support Specialist'")
    switch(org, password_flow=True)
    token = password(org, user["Username"], "sandbox")["access_token"]
    org.change("User", {"id": user["Id"], "IsActive": False})

    answer = org.get("/limits", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 401
    assert password(org, user["Username"], "sandbox")["error"] == "inactive_user"


def test_soap_signs_nobody_in_and_everybody_out(org: Org) -> None:
    def call(operation: str, version: str = "59.0") -> Any:
        envelope = (
            '<soapenv:Envelope xmlns:soapenv="x"><soapenv:Header><sessionId>'
            f"{org.handle.access_token}</sessionId></soapenv:Header>"
            f"<soapenv:Body><n1:{operation} xmlns:n1='urn:partner.soap.sforce.com'/>"
            "</soapenv:Body></soapenv:Envelope>"
        )
        return org.http.post(
            f"/services/Soap/u/{version}", content=envelope, headers={"Content-Type": "text/xml"}
        )

    refused, absent, out = call("login"), call("login", "65.0"), call("logout")

    assert refused.status_code == absent.status_code == 500
    assert "SOAP API login() is disabled by default in this org" in refused.text
    assert "No operation available" in absent.text
    assert (out.status_code, org.get("/limits").status_code) == (200, 401)


def test_a_frozen_user_cannot_sign_in(org: Org) -> None:
    (user,) = org.soql("SELECT Id, Username FROM User WHERE Title = 'Support Specialist'")
    (login,) = org.ids(f"SELECT Id FROM UserLogin WHERE UserId = '{user['Id']}'")  # noqa: S608 - SOQL
    switch(org, password_flow=True)
    assert org.change("UserLogin", {"id": login, "IsFrozen": True})[0]["success"]

    assert password(org, user["Username"], "sandbox")["error"] == "inactive_user"
