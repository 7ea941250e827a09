"""Signing in, staying signed in, and giving up in time."""

from __future__ import annotations

import base64
import socket
import threading
from datetime import UTC, datetime, timedelta

import pytest
import requests
from pydantic import SecretStr

from sfterritory.connectors.salesforce.credentials import (
    AccessToken,
    ClientCredentials,
    JwtBearer,
    RefreshToken,
)
from sfterritory.connectors.salesforce.faults import RefusedError
from sfterritory.connectors.salesforce.org import sign_in
from sfterritory.connectors.salesforce.retry import RetryPolicy
from sfterritory.connectors.salesforce.secret import SecretSource
from sfterritory.connectors.salesforce.session import USER_INFO_PATH
from sfterritory.connectors.salesforce.transport import ApiLimits, Observed, lead_home
from sfterritory.errors import ConnectorError, ExitCode, LimitReachedError, SignInError
from sfterritory.events import Event, subscribed

from .conftest import SECRET, Connected
from .fault_server import (
    EXPIRED,
    ORG_ID,
    TOKEN_PATH,
    USER_ID,
    Answer,
    FaultServer,
    fault_server,
    json_answer,
    refusal,
)

LIMITS = json_answer({"DailyApiRequests": {"Max": 15000, "Remaining": 14976}})
LIMITS_READ = ApiLimits(used=24, allowed=15000)


def test_client_credentials_sign_in_tells_org_and_user(connected: Connected) -> None:
    assert (connected.org.org_id, connected.org.user_id) == (ORG_ID, USER_ID)
    assert connected.org.instance_url == connected.server.url
    (login,) = connected.server.calls("POST", TOKEN_PATH)
    assert login.body == b"grant_type=client_credentials"
    assert login.headers["Authorization"] == (
        "Basic " + base64.b64encode(f"key:{SECRET}".encode()).decode()
    )


def test_an_expired_session_is_renewed_once_and_the_request_repeated(connected: Connected) -> None:
    connected.server.on("GET", "/limits", EXPIRED, LIMITS)

    assert connected.org.limits() == LIMITS_READ
    tokens = [one.headers["Authorization"] for one in connected.server.calls("GET", "/limits")]
    assert tokens == [f"Bearer {ORG_ID[:15]}!T1", f"Bearer {ORG_ID[:15]}!T2"]
    assert connected.waits_seconds == []


def test_a_session_that_keeps_expiring_costs_one_login_a_request(connected: Connected) -> None:
    connected.server.on("GET", "/limits", EXPIRED)

    with pytest.raises(SignInError, match="INVALID_SESSION_ID"):
        connected.org.limits()

    assert len(connected.server.calls("POST", TOKEN_PATH)) == 2
    assert len(connected.server.calls("GET", "/limits")) == 2


def test_a_process_stops_signing_in_at_its_limit(connected: Connected) -> None:
    connected.server.on("GET", "/limits", *[EXPIRED, LIMITS] * 30)

    for _ in range(19):
        connected.org.limits()

    with pytest.raises(SignInError, match="after 20 sign-ins"):
        connected.org.limits()

    assert len(connected.server.calls("POST", TOKEN_PATH)) == 20


def test_a_session_renewed_into_another_org_stops_everything(connected: Connected) -> None:
    other = {"access_token": "00D000000000009!T", "instance_url": connected.server.url}
    connected.server.on("POST", TOKEN_PATH, json_answer(other))
    connected.server.on("GET", "/limits", EXPIRED, LIMITS)

    with pytest.raises(SignInError, match="another org"):
        connected.org.limits()

    assert len(connected.server.calls("GET", "/limits")) == 1


def test_a_token_that_is_none_is_refused_when_signing_in(server: FaultServer) -> None:
    server.on("GET", "", json_answer({"limits": "/services/data/v66.0/limits"}))

    with pytest.raises(SignInError, match="does not begin with an org's id"):
        sign_in(AccessToken(instance_url=server.url, access_token=SecretStr("00D")))


def test_a_description_of_another_form_is_refused(connected: Connected) -> None:
    connected.server.on("GET", "/sobjects/Account/describe", json_answer({"name": "Account"}))

    with pytest.raises(ConnectorError, match="description of Account is not in the agreed form"):
        connected.org.describe("Account")


def test_limits_of_another_form_are_refused(connected: Connected) -> None:
    connected.server.on("GET", "/limits", json_answer({"DailyApiRequests": 7}))

    with pytest.raises(ConnectorError, match="do not name DailyApiRequests"):
        connected.org.limits()


def test_a_401_page_that_is_not_json_is_an_ended_session_too(connected: Connected) -> None:
    connected.server.on("GET", "/limits", Answer(401, b"<html>no</html>"), LIMITS)

    assert connected.org.limits() == LIMITS_READ


def test_a_ready_token_that_ended_is_not_renewed(server: FaultServer) -> None:
    server.on("GET", "", json_answer({"limits": "/services/data/v66.0/limits"}))
    server.on("GET", "/limits", EXPIRED)
    token = AccessToken(instance_url=server.url, access_token=SecretStr(f"{ORG_ID[:15]}!ready"))

    with sign_in(token) as org:
        with pytest.raises(SignInError) as caught:
            org.limits()

        assert (org.org_id, org.user_id) == (ORG_ID, None)
    assert "SFTERRITORY_ACCESS_TOKEN" in caught.value.remedy
    assert server.calls("POST", TOKEN_PATH) == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(
            json_answer({"error": "invalid_client", "error_description": "no"}, 400),
            "invalid_client",
            id="wrong-secret",
        ),
        pytest.param(json_answer({"error": "invalid_grant"}, 400), "invalid_grant", id="bare"),
        pytest.param(Answer(400, b"<html>no</html>"), "HTTP 400", id="html"),
    ],
)
def test_wrong_credentials_are_refused_at_once_and_never_shown(
    server: FaultServer, credentials: ClientCredentials, answer: Answer, code: str
) -> None:
    server.on("POST", TOKEN_PATH, answer)

    with pytest.raises(ConnectorError, match=code) as caught:
        sign_in(credentials)

    assert len(server.calls("POST", TOKEN_PATH)) == 1
    assert SECRET not in f"{caught.value.problem}{caught.value.remedy}"


@pytest.mark.parametrize("body", [b'{"token_type":"Bearer"}', b'{"access_token":"00D!x"}', b"[]"])
def test_a_sign_in_answered_by_something_else_says_so(
    server: FaultServer, credentials: ClientCredentials, body: bytes
) -> None:
    server.on("POST", TOKEN_PATH, Answer(200, body))

    with pytest.raises(ConnectorError, match="answered without a token"):
        sign_in(credentials, sleep=lambda _: None)


@pytest.mark.parametrize(
    ("resources", "userinfo"),
    [
        pytest.param(
            {"identity": f"https://test.salesforce.com/id/{ORG_ID}/{USER_ID}"}, None, id="resources"
        ),
        pytest.param(
            {}, {"organization_id": ORG_ID, "user_id": USER_ID, "sub": "..."}, id="userinfo"
        ),
    ],
)
def test_the_user_of_a_ready_token_is_learned_from_whatever_the_org_offers(
    server: FaultServer, resources: dict[str, str], userinfo: dict[str, str] | None
) -> None:
    server.on("GET", "", json_answer(resources))
    if userinfo is not None:
        server.on("GET", USER_INFO_PATH, json_answer(userinfo))
    token = AccessToken(instance_url=server.url, access_token=SecretStr(f"{ORG_ID[:15]}!ready"))

    with sign_in(token) as org:
        assert (org.org_id, org.user_id) == (ORG_ID, USER_ID)


def test_a_token_whose_scopes_leave_userinfo_out_is_no_ended_session(server: FaultServer) -> None:
    server.on("GET", "", json_answer({}))
    server.on("GET", USER_INFO_PATH, Answer(403, b"Bad_OAuth_Token"))
    token = AccessToken(instance_url=server.url, access_token=SecretStr(f"{ORG_ID[:15]}!ready"))

    with sign_in(token) as org:
        assert (org.org_id, org.user_id) == (ORG_ID, None)


@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_carries_no_secret_to_another_place(
    server: FaultServer, credentials: ClientCredentials, status: int
) -> None:
    refreshing = RefreshToken(
        instance_url=server.url,
        client_id="key",
        source=SecretSource(env="R"),
        refresh_token=SecretStr(SECRET),
    )
    token = AccessToken(instance_url=server.url, access_token=SecretStr(f"{ORG_ID[:15]}!ready"))
    with fault_server() as elsewhere:
        moved = Answer(status, b"", {"Location": f"{elsewhere.url}{TOKEN_PATH}"})
        server.on("POST", TOKEN_PATH, moved)
        server.on("GET", "", moved)

        for each in (credentials, refreshing, token):
            with pytest.raises(RefusedError, match=f"sends requests on to {elsewhere.url}"):
                sign_in(each)

        assert elsewhere.seen == []


def test_a_key_that_is_none_is_refused_before_anything_is_sent(server: FaultServer) -> None:
    jwt_bearer = JwtBearer(
        instance_url=server.url, client_id="key", username="bot", private_key=SecretStr("not PEM")
    )

    with pytest.raises(SignInError, match="private key cannot sign") as caught:
        sign_in(jwt_bearer)

    assert "not PEM" not in caught.value.problem
    assert server.seen == []


def test_a_server_that_is_not_started_is_named_with_the_way_to_start_it() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    waits_seconds: list[float] = []
    token = ClientCredentials(instance_url=url, client_id="key", client_secret=SecretStr(SECRET))

    with pytest.raises(RefusedError, match=f"no connection to {url}") as caught:
        sign_in(token, sleep=waits_seconds.append)

    assert "sfterritory sandbox serve" in caught.value.remedy
    assert len(waits_seconds) == 2


def test_a_busy_server_is_given_the_time_it_asks_for(connected: Connected) -> None:
    connected.server.on(
        "GET", "/limits", refusal(503, "SERVER_UNAVAILABLE", Retry_After="7"), LIMITS
    )
    events: list[Event] = []

    with subscribed(events.append):
        assert connected.org.limits() == LIMITS_READ

    assert connected.waits_seconds == [7.0]
    (retry,) = [event for event in events if event.name == "salesforce.retry"]
    assert retry.facts == {"code": "SERVER_UNAVAILABLE", "attempt": 1, "wait_seconds": 7.0}


@pytest.mark.parametrize(
    ("date", "wait_seconds"),
    [
        pytest.param("Sun, 22 Nov 2026 10:00:00 GMT", 40.0, id="by-the-servers-clock"),
        pytest.param("Sun, 22 Nov 2026 11:00:00 GMT", 0.0, id="over-already"),
    ],
)
def test_a_wait_until_a_date_is_counted_by_the_servers_own_clock(
    date: str, wait_seconds: float
) -> None:
    observed = Observed()

    observed.note({"Date": date, "Retry-After": "Sun, 22 Nov 2026 10:00:40 GMT"})

    assert float(observed.retry_after or "-1") == wait_seconds


def test_a_busy_server_may_name_a_date_to_wait_for(connected: Connected) -> None:
    server_now = datetime.now(UTC)  # noqa: TID251 - the server's clock is this machine's
    until = (server_now + timedelta(seconds=50)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    connected.server.on(
        "GET", "/limits", refusal(503, "SERVER_UNAVAILABLE", Retry_After=until), LIMITS
    )

    assert connected.org.limits() == LIMITS_READ

    (wait_seconds,) = connected.waits_seconds
    assert 40 <= wait_seconds <= 51


def test_a_burst_of_ended_requests_costs_one_login(connected: Connected) -> None:
    # All eight are answered before the first of them signs in again.
    connected.server.on("GET", "/limits", *[EXPIRED] * 8, LIMITS)
    together = threading.Barrier(8)
    session = connected.org._session

    def ask() -> None:
        first = True

        def attempt() -> object:
            nonlocal first
            try:
                return session.rest.restful("limits")
            finally:
                if first:
                    first = False
                    together.wait()

        session.read("asking", attempt)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(connected.server.calls("POST", TOKEN_PATH)) == 2
    assert len(connected.server.calls("GET", "/limits")) == 16


def test_waits_grow_and_end(connected: Connected) -> None:
    connected.server.on("GET", "/limits", Answer(502, b"<html>Bad gateway</html>"))

    with pytest.raises(RefusedError, match=r"failed after 4 attempts: HTTP 502"):
        connected.org.limits()

    first, second, third = connected.waits_seconds
    assert 0.5 <= first <= 1.0 <= second <= 1.5
    assert 2.0 <= third <= 2.5


def test_no_wait_passes_the_deadline(connected: Connected) -> None:
    connected.server.on("GET", "/limits", refusal(503, "SERVER_UNAVAILABLE", Retry_After="101"))

    with pytest.raises(RefusedError):
        connected.org.limits()

    assert connected.waits_seconds == []


def test_a_body_that_is_cut_is_asked_for_again(connected: Connected) -> None:
    connected.server.on("GET", "/limits", Answer(200, LIMITS.body[:20], cut_bytes=30), LIMITS)

    assert connected.org.limits() == LIMITS_READ


def test_a_used_up_allocation_stops_at_once_with_its_own_exit_code(connected: Connected) -> None:
    connected.server.on("GET", "/limits", refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests"))

    with pytest.raises(LimitReachedError) as caught:
        connected.org.limits()

    assert caught.value.exit_code is ExitCode.LIMIT_REACHED
    assert connected.waits_seconds == []


def test_the_servers_clock_and_usage_come_from_headers(connected: Connected) -> None:
    connected.server.on(
        "GET",
        "/limits",
        Answer(
            200,
            LIMITS.body,
            {"Sforce-Limit-Info": "api-usage=25/15000; per-app-api-usage=17/250(appName=x)"},
        ),
    )

    session = connected.org._session
    session.read("asking", lambda: session.rest.restful("limits"))

    assert connected.org.server_time().tzinfo is not None
    assert connected.org.api_usage == ApiLimits(used=25, allowed=15000)


def test_plain_http_leads_to_this_machine_only() -> None:
    with pytest.raises(ValueError, match="not an http address of this machine"):
        lead_home(requests.Session(), "http://acme.my.salesforce.com", read_timeout_seconds=1)


def test_the_policy_refuses_endless_patience() -> None:
    with pytest.raises(ValueError, match="less than or equal to 20"):
        RetryPolicy(attempts=1000)
