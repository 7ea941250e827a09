"""Refresh tokens: exchanged, rotated, kept before anything else, and given up where they cannot."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from sfterritory.connectors.salesforce.credentials import RefreshToken, credentials_from
from sfterritory.connectors.salesforce.org import sign_in
from sfterritory.errors import SignInError
from sfterritory.events import Event, subscribed

from .fault_server import EXPIRED, ORG_ID, TOKEN_PATH, USER_ID, Answer, FaultServer, json_answer

LIMITS = json_answer({"DailyApiRequests": {"Max": 15000, "Remaining": 14976}})


def granted(server: FaultServer, number: int, *, renewed: str | None = None) -> Answer:
    answer = {
        "access_token": f"{ORG_ID[:15]}!T{number}",
        "instance_url": server.url,
        "id": f"{server.url}/id/{ORG_ID}/{USER_ID}",
        "token_type": "Bearer",
    }
    return json_answer(answer if renewed is None else {**answer, "refresh_token": renewed})


def environ(server: FaultServer, **more: str) -> Mapping[str, str]:
    return {
        "SFTERRITORY_INSTANCE_URL": server.url,
        "SFTERRITORY_CLIENT_ID": "key",
        **{f"SFTERRITORY_{name}": value for name, value in more.items()},
    }


def spent(server: FaultServer) -> list[str]:
    """Return the refresh tokens that the server was sent."""
    return [parse_qs(one.body.decode())["refresh_token"][0] for one in calls(server)]


def calls(server: FaultServer) -> list:  # type: ignore[type-arg]  # of Seen
    return server.calls("POST", TOKEN_PATH)


def test_a_refresh_token_opens_the_org_and_renews_the_session(server: FaultServer) -> None:
    server.on("POST", TOKEN_PATH, granted(server, 1), granted(server, 2))
    server.on("GET", "/limits", EXPIRED, LIMITS)

    with sign_in(credentials_from(environ(server, REFRESH_TOKEN="r1"))) as org:
        assert org.limits().allowed == 15000
        assert (org.org_id, org.user_id) == (ORG_ID, USER_ID)

    assert spent(server) == ["r1", "r1"]
    form = parse_qs(calls(server)[0].body.decode())
    assert form == {
        "grant_type": ["refresh_token"],
        "client_id": ["key"],
        "refresh_token": ["r1"],
    }


def test_the_apps_secret_goes_with_it_where_it_is_set(server: FaultServer) -> None:
    server.on("POST", TOKEN_PATH, granted(server, 1))

    sign_in(credentials_from(environ(server, REFRESH_TOKEN="r1", CLIENT_SECRET="app"))).close()

    assert parse_qs(calls(server)[0].body.decode())["client_secret"] == ["app"]


def test_a_rotated_token_is_in_its_file_before_the_session_is_used(
    server: FaultServer, tmp_path: Path
) -> None:
    file = tmp_path / "refresh"
    file.write_text("r1", encoding="utf-8")
    file.chmod(0o600)
    server.on(
        "POST", TOKEN_PATH, granted(server, 1, renewed="r2"), granted(server, 2, renewed="r3")
    )
    server.on("GET", "/limits", EXPIRED, LIMITS)

    with sign_in(credentials_from(environ(server, REFRESH_TOKEN_FILE=str(file)))) as org:
        assert file.read_text(encoding="utf-8") == "r2\n"
        org.limits()

    assert spent(server) == ["r1", "r2"]
    assert file.read_text(encoding="utf-8") == "r3\n"
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_another_process_has_rotated_meanwhile_is_used(
    server: FaultServer, tmp_path: Path
) -> None:
    file = tmp_path / "refresh"
    file.write_text("r1", encoding="utf-8")
    server.on("POST", TOKEN_PATH, granted(server, 1), granted(server, 2))
    server.on("GET", "/limits", EXPIRED, LIMITS)

    with sign_in(credentials_from(environ(server, REFRESH_TOKEN_FILE=str(file)))) as org:
        file.write_text("r5", encoding="utf-8")
        org.limits()

    assert spent(server) == ["r1", "r5"]


def test_two_processes_never_spend_the_same_rotating_token(
    server: FaultServer, tmp_path: Path
) -> None:
    file = tmp_path / "refresh"
    file.write_text("r0", encoding="utf-8")
    answers = [granted(server, n, renewed=f"r{n}") for n in range(1, 7)]
    server.on("POST", TOKEN_PATH, *answers)
    credentials = credentials_from(environ(server, REFRESH_TOKEN_FILE=str(file)))

    threads = [threading.Thread(target=lambda: sign_in(credentials).close()) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert spent(server) == ["r0", "r1", "r2", "r3", "r4", "r5"]


def test_a_rotated_token_that_cannot_be_kept_is_told_at_once_and_ends_with_the_session(
    server: FaultServer,
) -> None:
    server.on("POST", TOKEN_PATH, granted(server, 1, renewed="r2-canary"))
    server.on("GET", "/limits", LIMITS, EXPIRED)
    events: list[Event] = []

    with (
        subscribed(events.append),
        sign_in(credentials_from(environ(server, REFRESH_TOKEN="r1-canary"))) as org,
    ):
        org.limits()
        with pytest.raises(SignInError, match="the next one could not be kept") as caught:
            org.limits()

    (lost,) = [event for event in events if event.name == "salesforce.refresh_token_lost"]
    assert lost.facts == {"place": "the variable SFTERRITORY_REFRESH_TOKEN"}
    assert "in a file" in caught.value.remedy
    assert "canary" not in f"{events}{caught.value.problem}{caught.value.remedy}"
    assert spent(server) == ["r1-canary"]


def test_a_dead_refresh_token_is_refused_with_the_way_to_a_new_one(server: FaultServer) -> None:
    server.on("POST", TOKEN_PATH, json_answer({"error": "invalid_grant"}, 400))

    with pytest.raises(SignInError, match="refuses the refresh token of the variable") as caught:
        sign_in(credentials_from(environ(server, REFRESH_TOKEN="canary")))

    assert "authorise the app again" in caught.value.remedy
    assert "canary" not in caught.value.problem
    assert len(calls(server)) == 1


def test_an_answer_without_a_token_is_no_sign_in(server: FaultServer) -> None:
    server.on("POST", TOKEN_PATH, json_answer({"instance_url": server.url}))
    credentials = credentials_from(environ(server, REFRESH_TOKEN="r1"))
    assert isinstance(credentials, RefreshToken)
    assert credentials.refresh_token == SecretStr("r1")

    with pytest.raises(Exception, match="answered without a token"):
        sign_in(credentials, sleep=lambda _: None)
