from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.client import Org
from sfterritory.sandbox.api.admin import admin_app
from sfterritory.sandbox.faults.keeping import add_fault, clear_faults
from sfterritory.sandbox.running import running_sandbox
from sfterritory.sandbox.state import SandboxState
from sfterritory.sandbox.switch_notes import switch_notes


@pytest.fixture
def org(writing_org: Org) -> Iterator[Org]:
    yield writing_org
    writing_org.handle.clear_faults()


def admin(org: Org, method: str, path: str, **kwargs: Any) -> httpx.Response:
    """Ask without any token."""
    with httpx.Client(base_url=org.handle.url, trust_env=False) as http:
        return http.request(method, f"/sandbox/{path}", **kwargs)


def test_a_fault_is_added_listed_with_its_count_and_cleared_without_a_token(org: Org) -> None:
    number = admin(org, "POST", "faults", json={"kind": "server_error", "nth": 2}).json()["number"]

    statuses = [org.get("/limits").status_code for _ in range(3)]
    (listed,) = admin(org, "GET", "faults").json()["faults"]
    cleared = admin(org, "DELETE", "faults", json={"number": number})

    assert statuses == [200, 503, 200]
    assert listed == {"number": number, "kind": "server_error", "nth": 2, "seen": 3, "fired": 1}
    assert cleared.json() == {"cleared": 1}
    assert admin(org, "GET", "faults").json() == {"faults": []}


def test_switches_are_listed_and_set_for_a_running_server(org: Org) -> None:
    before = admin(org, "GET", "switches").json()

    admin(org, "PATCH", "switches", json={"query_page_records": 7})
    page = org.get("/query", params={"q": "SELECT Id FROM Account"}).json()
    admin(org, "PATCH", "switches", json={"query_page_records": 2000})

    assert before["switches"]["query_page_records"] == 2000
    assert set(before["defaults"]) == set(before["switches"])
    assert len(page["records"]) == 7


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Host": "evil.example"}, id="a name that points here"),
        pytest.param({"Host": "127.0.0.1.evil.example:8080"}, id="a name that looks so"),
        pytest.param({"Origin": "http://127.0.0.1:3000"}, id="a page of this machine"),
        pytest.param({"Origin": "null"}, id="a page without an origin"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="a page of a web site"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_requests_that_a_web_page_could_make_are_refused(
    org: Org, method: str, headers: dict[str, str]
) -> None:
    answer = admin(org, method, "faults", headers=headers, content='{"kind": "limit"}')

    assert answer.status_code == 403
    assert answer.json()["remedy"]
    assert org.get("/limits").status_code == 200


async def refused_status(state: SandboxState, client: str) -> int:
    transport = httpx.ASGITransport(app=admin_app(state), client=(client, 40_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        return (await http.get("/sandbox/faults")).status_code


@pytest.mark.parametrize(("client", "status"), [("127.0.0.1", 200), ("10.0.0.7", 403)])
def test_only_this_machine_is_answered(state_file: Path, client: str, status: int) -> None:
    state = SandboxState(state_file)
    try:
        assert asyncio.run(refused_status(state, client)) == status
    finally:
        state.close()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param("[1]", "no JSON object", id="a list"),
        pytest.param("{", "no JSON", id="half"),
        pytest.param('{"kind": 3}', "there is no fault 3", id="no kind"),
        pytest.param('{"kind": "cut", "at_byte": "x"}', "at_byte", id="no number"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_cause(org: Org, body: str, says: str) -> None:
    answer = admin(org, "POST", "faults", content=body)

    assert answer.status_code == 400
    assert says in answer.json()["problem"]


def test_an_unknown_switch_is_refused_and_nothing_is_set(org: Org) -> None:
    answer = admin(org, "PATCH", "switches", json={"fly": True, "session_minutes": 5})

    assert (answer.status_code, "fly" in answer.json()["problem"]) == (400, True)
    assert admin(org, "GET", "switches").json()["switches"]["session_minutes"] == 120


def test_a_server_takes_over_what_another_process_writes_into_its_state_file(
    state_file: Path,
) -> None:
    with running_sandbox(state_file) as handle, Org(handle) as org:
        other = SandboxState(state_file)
        try:
            add_fault(other, {"kind": "limit", "times": 1})
            limited = org.get("/limits").status_code
            clear_faults(other)
            free = org.get("/limits").status_code
            add_fault(other, {"kind": "limit", "times": 1})
            again = org.get("/limits").status_code
        finally:
            other.close()

        assert (limited, free, again) == (403, 200, 403)


def test_every_switch_says_what_it_asks() -> None:
    notes = switch_notes()

    assert [one.name for one in notes if not one.question] == []
    assert 0 < sum(one.uncertain for one in notes) < len(notes)
