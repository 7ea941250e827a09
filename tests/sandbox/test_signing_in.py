"""Tokens, sessions, and what every answer carries."""

from __future__ import annotations

import re
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sandbox.client import Org
from sandbox.conftest import Ticking
from sandbox.switching import switch
from sfterritory.sandbox.running import running_sandbox

TOKEN = "/services/oauth2/token"


def test_client_credentials_work_as_form_fields_and_as_basic(org: Org) -> None:
    pair = (org.handle.client_id, org.handle.client_secret)
    form = {"grant_type": "client_credentials", "client_id": pair[0], "client_secret": pair[1]}

    answers = [
        org.http.post(TOKEN, data=form),
        org.http.post(TOKEN, data={"grant_type": "client_credentials"}, auth=pair),
    ]

    for answer in answers:
        body = answer.json()
        assert set(body) == {
            "access_token", "signature", "scope", "instance_url", "id", "token_type",
            "issued_at", "api_instance_url",
        }  # fmt: skip
        assert re.fullmatch(r"00D[A-Za-z0-9]{12}![A-Za-z0-9_.]+", body["access_token"])
        assert body["instance_url"] == org.handle.url
        assert body["issued_at"] == "1788264000250"
        assert body["id"].split("/")[-2] == org.handle.org_id
        limits = org.get("/limits", headers={"Authorization": f"OAuth {body['access_token']}"})
        assert limits.status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"},
         "invalid_client_id"),
        ({"grant_type": "client_credentials"}, "invalid_request"),
        ({"grant_type": "refresh_token", "client_id": "x"}, "invalid_client_id"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "password", "username": "a", "password": "b"}, "invalid_grant"),
        ({"grant_type": "tea"}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
    ],
)  # fmt: skip
def test_a_refused_sign_in_is_an_object_and_400(
    reading_org: Org, form: dict[str, str], error: str
) -> None:
    answer = reading_org.http.post(TOKEN, data=form)

    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "error_description"}
    assert answer.json()["error"] == error


def test_a_session_ends_after_two_idle_hours_and_lives_on_while_used(
    org: Org, clock: Ticking
) -> None:
    for _ in range(3):
        clock.advance(minutes=100)
        assert org.get("/limits").status_code == 200
    clock.advance(minutes=121)
    answer = org.get("/limits")

    assert answer.status_code == 401
    assert answer.json() == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]


def test_introspection_tells_when_a_token_ends(org: Org, clock: Ticking) -> None:
    pair = {"client_id": org.handle.client_id, "client_secret": org.handle.client_secret}
    path = "/services/oauth2/introspect"

    living = org.http.post(path, data={**pair, "token": org.handle.access_token}).json()
    dead = org.http.post(path, data={**pair, "token": "00Dx!y"}).json()

    assert living["active"] is True
    assert living["exp"] == int(clock.now.timestamp()) + 7200
    assert dead == {"active": False}


def test_a_jwt_signed_by_the_registered_key_signs_its_user_in(
    state_file: Path, clock: Ticking
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with (
        running_sandbox(state_file, clock=clock, jwt_public_key=public) as handle,
        Org(handle) as org,
    ):
        (user,) = org.soql("SELECT Id, Username FROM User WHERE Title = 'Support Specialist'")
        claims = {
            "iss": handle.client_id,
            "sub": user["Username"],
            "aud": "https://login.salesforce.com",
            "exp": str(int(clock.now.timestamp()) + 180),
        }

        def signed(**changes: str) -> dict[str, str]:
            assertion = jwt.encode({**claims, **changes}, key, algorithm="RS256")
            grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
            answer = org.http.post(TOKEN, data={"grant_type": grant, "assertion": assertion})
            return {"status": str(answer.status_code), **answer.json()}

        accepted = signed()
        strange, late = signed(aud="https://example.org"), signed(exp="1000")

        assert accepted["status"] == "200"
        assert accepted["id"].endswith(user["Id"])
        assert strange["error_description"] == "audience is invalid"
        assert late["error_description"] == "expired authorization code"
        # Salesforce's own command line counts `exp` in milliseconds and ends the audience in `/`.
        assert signed(exp=str(int(clock.now.timestamp() * 1000)))["status"] == "200"
        assert signed(aud=f"{handle.url}/")["status"] == "200"
        assert signed(iss="someone")["error"] == "invalid_client_id"
        assert signed(sub=user["Username"].upper())["id"].endswith(user["Id"])
        switch(org, jwt_domain_audience=False)
        assert signed(aud=handle.url)["error_description"] == "audience is invalid"
        switch(org, jwt_domain_audience=True, users_approve_app=True)
        assert signed(aud=handle.url)["error_description"] == "user hasn't approved this consumer"
        org.http.get("/services/oauth2/authorize", params={
            "response_type": "code", "client_id": handle.client_id,
            "redirect_uri": "http://localhost/", "login_hint": user["Username"],
        })  # fmt: skip
        assert signed(aud=handle.url)["status"] == "200"
        assert signed(sub="nobody@example.org")["error"] == "invalid_grant"


def test_versions_ascend_and_need_no_sign_in(reading_org: Org) -> None:
    answer = reading_org.http.get("/services/data/", headers={"Authorization": ""})

    numbers = [float(one["version"]) for one in answer.json()]
    assert numbers == sorted(numbers)
    assert (numbers[0], numbers[-1]) == (31.0, 66.0)


def test_every_answer_carries_the_use_of_the_allocation_and_the_servers_date(
    reading_org: Org,
) -> None:
    first, second = (reading_org.get("/sobjects/") for _ in range(2))

    used = [int(one.headers["sforce-limit-info"].split("=")[1].split("/")[0])
            for one in (first, second)]  # fmt: skip
    assert used[1] == used[0] + 1
    assert first.headers["date"] == "Tue, 01 Sep 2026 12:00:00 GMT"
    assert first.headers["content-type"] == "application/json;charset=UTF-8"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/services/data/v62.0/nothing", 404, "NOT_FOUND"),
        ("GET", "/services/data/v62.0/sobjects/Nothing/describe", 404, "NOT_FOUND"),
        ("GET", "/services/data/v99.0/limits", 404, "NOT_FOUND"),
        ("GET", "/services/data/v20.0/limits", 410, "GONE"),
        ("PUT", "/services/data/v62.0/query", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/services/data/v62.0/query", 400, "MALFORMED_QUERY"),
        ("GET", "/services/data/v62.0/sobjects/Account/xyz", 400, "MALFORMED_ID"),
        ("GET", "/services/data/v62.0/sobjects/Account/001000000000001AAA", 404, "NOT_FOUND"),
        ("POST", "/services/data/v62.0/jobs/query", 400, "JSON_PARSER_ERROR"),
    ],
)
def test_a_failed_request_answers_a_list_with_its_code(
    reading_org: Org, method: str, path: str, status: int, code: str
) -> None:
    answer = reading_org.http.request(method, path)

    assert answer.status_code == status
    (error,) = answer.json()
    assert error["errorCode"] == code
    assert error["message"]
