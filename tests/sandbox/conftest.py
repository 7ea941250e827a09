"""A small org, seeded once and copied for each test that writes to one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.client import Org
from sfterritory.sandbox.running import running_sandbox
from sfterritory.sandbox.seed import seed_org


class Ticking:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 9, 1, 12, 0, 0, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **step: float) -> None:
        self.now += timedelta(**step)


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("org") / "seeded.db"
    seed_org(path, accounts=250, leads=80, reps=5)
    return path


@pytest.fixture
def state_file(seeded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(seeded, tmp_path / "sandbox.db"))


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def org(state_file: Path, clock: Ticking) -> Iterator[Org]:
    with running_sandbox(state_file, clock=clock) as handle, Org(handle) as client:
        yield client


@pytest.fixture(scope="module")
def reading_org(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    """One org for all tests of a module that only read."""
    path = Path(shutil.copy(seeded, tmp_path_factory.mktemp("reading") / "sandbox.db"))
    with running_sandbox(path, clock=Ticking()) as handle, Org(handle) as client:
        yield client


@pytest.fixture(scope="module")
def writing_org(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    """One org for all tests of a module that may write anything to it."""
    path = Path(shutil.copy(seeded, tmp_path_factory.mktemp("writing") / "sandbox.db"))
    with running_sandbox(path, clock=Ticking()) as handle, Org(handle) as client:
        yield client
