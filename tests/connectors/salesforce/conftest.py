"""A server to break things with, and an org signed in to it whose waits cost no time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from sfterritory.connectors.salesforce.bulk import BulkParams
from sfterritory.connectors.salesforce.credentials import ClientCredentials
from sfterritory.connectors.salesforce.org import SalesforceOrg, sign_in
from sfterritory.connectors.salesforce.retry import RetryPolicy

from .fault_server import FaultServer, fault_server

SECRET = "canary-of-the-client-secret"


@dataclass(frozen=True, slots=True)
class Connected:
    """A fault server and an org signed in to it; `waits_seconds` is what it would have slept."""

    server: FaultServer
    org: SalesforceOrg
    waits_seconds: list[float]


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with fault_server() as running:
        running.allow_sign_in()
        yield running


@pytest.fixture
def credentials(server: FaultServer) -> ClientCredentials:
    return ClientCredentials(
        instance_url=server.url, client_id="key", client_secret=SecretStr(SECRET)
    )


@pytest.fixture
def connected(server: FaultServer, credentials: ClientCredentials) -> Iterator[Connected]:
    waits_seconds: list[float] = []
    org = sign_in(
        credentials,
        retry=RetryPolicy(attempts=4, first_wait_seconds=0.5, deadline_seconds=100),
        bulk=BulkParams(max_records=2, wait_limit_seconds=30),
        sleep=waits_seconds.append,
    )
    with org:
        yield Connected(server, org, waits_seconds)
