"""The web server flow: codes, challenges, refresh tokens, and how they end."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.client import Org
from sandbox.conftest import Ticking
from sandbox.switching import switch

TOKEN = "/services/oauth2/token"
REDIRECT = "http://localhost:1717/OauthRedirect"
VERIFIER = "correct-horse-battery-staple-correct-horse-battery"
HASHED = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


def authorize(org: Org, **fields: str) -> httpx.Response:
    asked = {
        "response_type": "code", "client_id": org.handle.client_id, "redirect_uri": REDIRECT,
        "state": "a b&c",
    }  # fmt: skip
    return org.http.get("/services/oauth2/authorize", params={**asked, **fields})


def code_of(answer: httpx.Response) -> str:
    assert answer.status_code == 302, answer.text
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def redeem(org: Org, code: str, **fields: str) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT,
        "client_id": org.handle.client_id, "client_secret": org.handle.client_secret,
    }  # fmt: skip
    return dict(org.http.post(TOKEN, data={**form, **fields}).json())


def refresh(org: Org, token: str) -> dict[str, Any]:
    form = {
        "grant_type": "refresh_token", "refresh_token": token,
        "client_id": org.handle.client_id, "client_secret": org.handle.client_secret,
    }  # fmt: skip
    return dict(org.http.post(TOKEN, data=form).json())


def works(org: Org, access_token: str) -> bool:
    header = {"Authorization": f"Bearer {access_token}"}
    return org.get("/sobjects", headers=header).status_code == 200


def test_the_user_of_the_login_hint_signs_in_with_a_hashed_challenge(org: Org) -> None:
    (user,) = org.soql("SELECT Id, Username FROM User WHERE Title = 'Support Specialist'")
    answer = authorize(
        org, login_hint=user["Username"], code_challenge=HASHED, code_challenge_method="S256"
    )
    code = code_of(answer)

    wrong = redeem(org, code, code_verifier="wrong" * 12)
    tokens = redeem(org, code, code_verifier=VERIFIER)
    again = redeem(org, code, code_verifier=VERIFIER)

    assert answer.headers["location"].startswith(f"{REDIRECT}?")
    assert parse_qs(urlsplit(answer.headers["location"]).query)["state"] == ["a b&c"]
    assert wrong == {"error": "invalid_grant", "error_description": "invalid code verifier"}
    assert tokens["id"].endswith(user["Id"])
    assert set(tokens) == {
        "access_token", "refresh_token", "signature", "scope", "instance_url", "id",
        "token_type", "issued_at",
    }  # fmt: skip
    assert again["error_description"] == "expired authorization code"
    assert not works(org, tokens["access_token"])  # a code spent twice was stolen


def test_a_plain_challenge_is_compared_as_it_is(org: Org) -> None:
    code = code_of(authorize(org, code_challenge=VERIFIER, code_challenge_method="plain"))

    assert "access_token" in redeem(org, code, code_verifier=VERIFIER)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_secret": ""}, "invalid_request"),
        ({"redirect_uri": "http://localhost:1718/"}, "redirect_uri_mismatch"),
        ({"code": "aPrxnothing"}, "invalid_grant"),
    ],
)
def test_a_code_is_bound_to_its_app_and_address(
    org: Org, fields: dict[str, str], error: str
) -> None:
    code = code_of(authorize(org))

    assert redeem(org, **{"code": code, **fields})["error"] == error
    assert "access_token" in redeem(org, code)


def test_a_code_lives_fifteen_minutes(org: Org, clock: Ticking) -> None:
    code = code_of(authorize(org))
    clock.advance(minutes=15)

    assert redeem(org, code)["error_description"] == "expired authorization code"


def test_refusals_go_to_the_app_unless_the_address_is_not_its_own(org: Org) -> None:
    def told(**fields: str) -> str:
        location = authorize(org, **fields).headers["location"]
        return parse_qs(urlsplit(location).query)["error"][0]

    former = org.soql("SELECT Username FROM User WHERE IsActive = false LIMIT 1")[0]["Username"]
    switch(org, pkce_required=True)
    without_challenge = told()
    switch(org, pkce_required=False)

    assert without_challenge == "invalid_request"
    assert told(scope="api everything") == "invalid_scope"
    assert told(response_type="token") == "unsupported_response_type"
    assert told(login_hint="nobody@example.org") == "access_denied"
    assert told(login_hint=former) == "inactive_user"
    for fields in ({"redirect_uri": "https://example.org/"}, {"client_id": "x"}):
        assert authorize(org, **fields).status_code == 400


def test_a_refresh_token_lasts_until_it_is_revoked(org: Org, clock: Ticking) -> None:
    tokens = redeem(org, code_of(authorize(org)))
    clock.advance(hours=3)
    dead = works(org, tokens["access_token"])
    fresh = refresh(org, tokens["refresh_token"])
    alive = works(org, fresh["access_token"])

    revoked = org.http.get(
        "/services/oauth2/revoke", params={"token": tokens["refresh_token"]}
    ).status_code

    assert (dead, alive, revoked) == (False, True, 200)
    assert "refresh_token" not in fresh
    assert not works(org, fresh["access_token"])
    assert refresh(org, tokens["refresh_token"]) == {
        "error": "invalid_grant", "error_description": "expired access/refresh token",
    }  # fmt: skip


@pytest.mark.parametrize("ends_all", [True, False])
def test_a_rotated_refresh_token_dies_and_its_reuse_is_noticed(org: Org, *, ends_all: bool) -> None:
    switch(org, refresh_token_rotation=True, rotated_reuse_ends_all=ends_all)
    first = redeem(org, code_of(authorize(org)))["refresh_token"]
    second = refresh(org, first)

    reuse = refresh(org, first)

    assert reuse["error"] == "invalid_grant"
    assert works(org, second["access_token"]) is not ends_all
    assert ("access_token" in refresh(org, second["refresh_token"])) is not ends_all


def test_a_revoked_access_token_is_dead_and_cannot_be_revoked_twice(org: Org) -> None:
    token = redeem(org, code_of(authorize(org)))["access_token"]

    first, second = (
        org.http.post("/services/oauth2/revoke", data={"token": token}) for _ in range(2)
    )

    assert (first.status_code, first.content) == (200, b"")
    assert second.json()["error"] == "invalid_token"
    assert not works(org, token)
