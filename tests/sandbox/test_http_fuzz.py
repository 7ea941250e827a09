"""Whatever is asked of any path, the server answers in the form that clients read, and goes on.

A long run: `SFTERRITORY_FUZZ_EXAMPLES=400 pytest tests/sandbox/test_http_fuzz.py`, as many requests
to each path of each operation, drawn anew each time.
"""

from __future__ import annotations

import gzip
import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias
from xml.etree import ElementTree as ET

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from sandbox.client import Org
from sandbox.conftest import Ticking
from sandbox.http_surface import Surface, operations, surface_of
from sandbox.http_values import CLASSIC
from sfterritory.sandbox.running import SandboxHandle, running_sandbox
from sfterritory.sandbox.state import store_token
from sfterritory.sandbox.switches import Switches

AnyCase: TypeAlias = schemathesis.Case[Any]
LONG = int(os.environ.get("SFTERRITORY_FUZZ_EXAMPLES", "0"))
QUICK_EXAMPLES = 6
MODES = (GenerationMode.POSITIVE, GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
SETTINGS = settings(
    max_examples=LONG or QUICK_EXAMPLES,
    derandomize=not LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
FEATURES = Switches(
    person_accounts=True, state_country_picklists=True, multi_currency=True, territories=True
)


class Crashes(logging.Handler):
    """What the server logs as an error: an exception that nobody handled."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(logging.Formatter().format(record))


@pytest.fixture
def crashes() -> Iterator[list[str]]:
    handler = Crashes()
    log = logging.getLogger("uvicorn.error")
    log.addHandler(handler)
    yield handler.seen
    log.removeHandler(handler)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of copies of one org.

    Attributes:
        path: The org's state file.
        cases: Requests, by operation.
    """

    path: Path
    cases: Mapping[str, st.SearchStrategy[AnyCase]]


@pytest.fixture(scope="module")
def asked(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """An org with every feature, jobs and locators, and the requests that know its ids."""
    path = Path(shutil.copy(seeded, tmp_path_factory.mktemp("asked") / "sandbox.db"))
    with running_sandbox(path, clock=Ticking()) as handle, Org(handle) as client:
        handle.state.set_switches(FEATURES)
        return Asked(path, _cases(surface_of(client)))


def _scope(fixture_name: str, config: pytest.Config) -> Literal["function", "module"]:
    """In a long run every operation has an org of its own: requests wear it out."""
    return "function" if LONG else "module"


@pytest.fixture(scope=_scope)
def fuzzed(asked: Asked, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    path = Path(shutil.copy(asked.path, tmp_path_factory.mktemp("fuzzed") / "sandbox.db"))
    with running_sandbox(path, clock=Ticking()) as handle, Org(handle) as client:
        yield client


@pytest.mark.slow
@pytest.mark.parametrize("operation", operations())
def test_no_request_makes_the_server_crash(
    fuzzed: Org, asked: Asked, crashes: list[str], operation: str
) -> None:
    handle = fuzzed.handle
    refusals: list[str] = []
    with requests.Session() as session:
        session.trust_env = False

        @SETTINGS
        @given(case=asked.cases[operation])
        def hold(case: AnyCase) -> None:
            answer, body = _answered(session, handle, case)
            told = f"{answer.status_code} {answer.request.method} {answer.request.url} "
            told += f"{dict(answer.request.headers)} {answer.request.body!r} -> {body[:500]!r}"
            assert not crashes, crashes[0]
            assert answer.status_code < 500 or _is_soap_fault(answer), told
            assert "Date" in answer.headers
            _check_framing(answer, body)
            _check_form(answer, case.path, body)
            if answer.status_code >= 400:
                refusals.append(body.decode("utf-8", "replace"))

        hold()

    assert not [one for one in _secrets(handle) if one in "\n".join(refusals)]
    with Org(handle) as client:
        client.http.headers["Authorization"] = f"Bearer {_fresh_token(handle)}"
        assert client.get("/limits").status_code == 200


def _cases(surface: Surface) -> dict[str, st.SearchStrategy[AnyCase]]:
    """Return requests to each operation: as the document says, and at odds with it."""
    schema = schemathesis.openapi.from_dict(surface.document)
    results = list(schema.get_all_operations())
    found = [one.ok() for one in results if isinstance(one, Ok)]
    assert len(found) == len(results)
    by_address = {(one.path, one.method.upper()): one for one in found}
    return {
        name: st.one_of(
            [
                by_address[address].as_strategy(generation_mode=mode)
                for address in addresses
                for mode in MODES
            ]
        )
        for name, addresses in surface.variants.items()
    }


def _answered(
    session: requests.Session, handle: SandboxHandle, case: AnyCase
) -> tuple[requests.Response, bytes]:
    """Return the answer and its body as it came over the wire; the org is put right before."""
    _mend(handle)
    asked = case.as_transport_kwargs(base_url=handle.url)
    headers = {**asked.pop("headers", {}), "Authorization": f"Bearer {handle.access_token}"}
    with session.request(
        **{**asked, "headers": headers}, stream=True, allow_redirects=False, timeout=30
    ) as answer:
        return answer, answer.raw.read(decode_content=False)


def _mend(handle: SandboxHandle) -> None:
    """Take out what an earlier request put in the way of every later one."""
    handle.clear_faults()
    handle.state.drop_rules()
    if handle.state.switches != FEATURES:
        handle.state.set_switches(FEATURES)
    with handle.state.writing() as connection:
        connection.execute("UPDATE _token SET expires = '2100-01-01T00:00:00.000000+00:00'")
        connection.execute('UPDATE "User" SET IsActive = 1')


def _fresh_token(handle: SandboxHandle) -> str:
    return store_token(handle.state, handle.state.credentials().run_as_user_id)


def _secrets(handle: SandboxHandle) -> list[str]:
    """Return every secret of the state file."""
    with handle.state.reading() as connection:
        found = connection.execute(
            "SELECT token FROM _token UNION SELECT token FROM _refresh_token"
        ).fetchall()
    return [handle.client_secret, *(str(one) for (one,) in found)]


def _is_soap_fault(answer: requests.Response) -> bool:
    """Tell whether it is a refusal over SOAP, which has no other status than 500."""
    return "/services/soap/" in answer.url.lower() and answer.headers["Content-Type"].startswith(
        "text/xml"
    )


def _check_framing(answer: requests.Response, body: bytes) -> None:
    """The body is as long as was said, or chunked; answers that have none have none."""
    length = answer.headers.get("Content-Length")
    if answer.request.method == "HEAD" or answer.status_code in {204, 304}:
        assert body == b""
    elif length is None:
        assert answer.headers["Transfer-Encoding"] == "chunked"
    else:
        assert int(length) == len(body)


def _check_form(answer: requests.Response, path: str, body: bytes) -> None:
    """The body is of the type that was said, and a refusal is of the form that clients read."""
    if answer.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    if not body:
        return
    value = _read(answer.headers["Content-Type"].partition(";")[0], body)
    if answer.status_code >= 400:
        _check_refusal(path, value)


def _read(kind: str, body: bytes) -> Any:
    """Return what a body says in JSON; others are only tried."""
    if kind == "application/json":
        return json.loads(body)
    if kind in {"application/xml", "text/xml"}:
        return ET.fromstring(body)  # noqa: S314 - our own server's
    return body.decode("utf-8")


def _check_refusal(path: str, value: Any) -> None:
    if path.startswith("/services/data"):
        assert isinstance(value, list), value
        for one in value:
            assert {"message", "errorCode"} <= set(one), value
            assert isinstance(one["message"], str), value
            assert isinstance(one["errorCode"], str), value
    elif path.startswith(CLASSIC) and isinstance(value, dict):
        assert {"exceptionCode", "exceptionMessage"} <= set(value), value
    elif path in {"/services/oauth2/token", "/services/oauth2/revoke"}:
        assert isinstance(value["error"], str), value
    elif path.startswith("/sandbox/"):
        assert {"problem", "remedy"} <= set(value), value
