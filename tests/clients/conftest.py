"""One org for the clients of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sandbox.client import Org

from sfterritory.sandbox.running import running_sandbox
from sfterritory.sandbox.seed import seed_org


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    path = tmp_path_factory.mktemp("clients") / "sandbox.db"
    seed_org(path, accounts=250, leads=80, reps=5)
    with running_sandbox(path) as handle, Org(handle) as client:
        yield client


@pytest.fixture
def inactive_owner(org: Org) -> str:
    return org.ids("SELECT Id FROM User WHERE IsActive = false ORDER BY Id LIMIT 1")[0]
