"""Projects at each stage of the main job, prepared once and copied for each test."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from end_to_end.desk import Desk, environment
from sfterritory.sandbox.running import SandboxHandle, running_sandbox
from sfterritory.sandbox.seed import seed_org
from sfterritory.sandbox.switches import Switches

ORG_FILE = "org.db"
ACCOUNTS, LEADS, REPS = 200, 60, 5

Prepare = Callable[[Path], AbstractContextManager[tuple[Desk, SandboxHandle]]]
Environ = Callable[[Mapping[str, str]], None]


@pytest.fixture(autouse=True)
def environ(monkeypatch: pytest.MonkeyPatch) -> Environ:
    """Take away what this machine's environment says, and return how to set variables."""
    _clean(monkeypatch)
    return lambda values: _set(monkeypatch, values)


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds an org and nothing else."""
    folder = tmp_path_factory.mktemp("seeded")
    seed_org(folder / ORG_FILE, accounts=ACCOUNTS, leads=LEADS, reps=REPS)
    return folder


@pytest.fixture(scope="session")
def started(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an org and a project fresh from `init`.

    What a first pull derives from the packages' reference data, in seconds, is there already.
    """
    folder = _copied(seeded, tmp_path_factory.mktemp("started"))
    with at_desk(folder) as (desk, _):
        desk.run("init", str(desk.root))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SFTERRITORY_STORE", f"sqlite:///{tmp_path_factory.mktemp('aside')}/a.db")
            desk.run("pull")
        assert not desk.store_file.exists()
    return folder


@pytest.fixture(scope="session")
def pulled(started: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = _copied(started, tmp_path_factory.mktemp("pulled"))
    with at_desk(folder) as (desk, _):
        desk.run("pull")
    return folder


@pytest.fixture(scope="session")
def planned(pulled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = _copied(pulled, tmp_path_factory.mktemp("planned"))
    with at_desk(folder) as (desk, _):
        desk.plan()
    return folder


@pytest.fixture(scope="session")
def approved(planned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = _copied(planned, tmp_path_factory.mktemp("approved"))
    with at_desk(folder) as (desk, _):
        desk.run("approve", desk.ask("show")["hash"], "--by", "ben")
    return folder


@pytest.fixture(scope="session")
def applied(approved: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = _copied(approved, tmp_path_factory.mktemp("applied"))
    with at_desk(folder) as (desk, _):
        desk.run("apply", desk.ask("show")["hash"])
    return folder


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Path], Path]:
    """Return how to copy a prepared folder, so that a test may change it."""
    numbers = itertools.count(1)
    return lambda prepared: _copied(prepared, tmp_path / f"{prepared.name}-{next(numbers)}")


@contextmanager
def at_desk(
    folder: Path, *, switches: Switches | None = None
) -> Iterator[tuple[Desk, SandboxHandle]]:
    """Serve a folder's org and put its credentials into the environment while the block runs."""
    with (
        pytest.MonkeyPatch.context() as patch,
        running_sandbox(folder / ORG_FILE, switches=switches) as org,
    ):
        _clean(patch)
        _set(patch, environment(org))
        yield Desk(folder / "project"), org


@pytest.fixture
def desk_of(copy_of: Callable[[Path], Path]) -> Prepare:
    """Return how to sit down at a copy of a prepared folder, its org served."""
    return lambda prepared: at_desk(copy_of(prepared))


def _copied(source: Path, target: Path) -> Path:
    shutil.copytree(source, target, dirs_exist_ok=True, copy_function=_copy)
    return target


def _copy(source: str, target: str) -> None:
    """Copy a file; reference data is megabytes and never changed in place, so that is linked."""
    if Path(source).parent.name == "reference":
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def _clean(patch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("SFTERRITORY_") or name in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}:
            patch.delenv(name)
    patch.setenv("SFTERRITORY_USER", "ann")


def _set(patch: pytest.MonkeyPatch, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        patch.setenv(name, value)
