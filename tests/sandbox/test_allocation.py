"""The org's allocation of API requests: counted, rolling, kept, and used up."""

from __future__ import annotations

import re
from pathlib import Path

from sandbox.client import Org
from sandbox.conftest import Ticking
from sandbox.switching import switch
from sfterritory.sandbox.running import running_sandbox


def used(org: Org, path: str = "/limits") -> int:
    info = org.get(path).headers["sforce-limit-info"]
    found = re.match(r"api-usage=(\d+)/\d+", info)
    assert found, info
    return int(found[1])


def test_the_use_outlives_the_server_and_is_forgotten_after_a_day(
    state_file: Path, clock: Ticking
) -> None:
    def served() -> int:
        with running_sandbox(state_file, clock=clock) as handle, Org(handle) as org:
            return used(org)

    first, second = served(), served()
    clock.advance(hours=23, minutes=59)
    third = served()
    clock.advance(minutes=1)
    fourth = served()

    assert (first, second, third, fourth) == (1, 2, 3, 2)


def test_an_allocation_that_is_used_up_refuses_until_it_rolls_on(org: Org, clock: Ticking) -> None:
    switch(org, daily_api_requests=2)
    answers = [org.get("/limits") for _ in range(4)]
    clock.advance(hours=24)
    signed_in = org.http.post(
        "/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(org.handle.client_id, org.handle.client_secret),
    ).json()["access_token"]
    later = org.get("/limits", headers={"Authorization": f"Bearer {signed_in}"})

    assert [one.status_code for one in answers] == [200, 200, 403, 403]
    assert answers[2].json() == [
        {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    ]
    assert answers[3].headers["sforce-limit-info"] == "api-usage=2/2"
    assert later.json()["DailyApiRequests"] == {"Max": 2, "Remaining": 1}


def test_the_apps_own_use_and_empty_answers_are_switches(org: Org) -> None:
    (account,) = org.ids("SELECT Id FROM Account LIMIT 1")
    switch(org, per_app_api_requests=250, limit_info_on_204=False)
    read = org.get("/limits")
    written = org.patch(f"/sobjects/Account/{account}", json={"Site": "x"})

    assert re.fullmatch(
        r"api-usage=2/\d+; per-app-api-usage=2/250\(appName=\w+\)",
        read.headers["sforce-limit-info"],
    )
    assert "sforce-limit-info" not in written.headers


def test_a_request_nobody_signed_is_not_counted(org: Org) -> None:
    before = used(org)
    assert org.get("/limits", headers={"Authorization": "Bearer no"}).status_code == 401

    assert used(org) == before + 1
