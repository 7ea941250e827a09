"""A project whose store holds a pulled org, made once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from end_to_end.desk import environment

from sfterritory.cli.main import run
from sfterritory.connectors.salesforce.credentials import credentials_from
from sfterritory.connectors.salesforce.org import sign_in
from sfterritory.model.store.store import Store
from sfterritory.pipeline.opening import open_project_store
from sfterritory.pipeline.pull.job import pull
from sfterritory.sandbox.running import running_sandbox
from sfterritory.sandbox.seed import SEED_AS_OF, seed_org
from sfterritory.settings.project import Settings, load_settings

PULLED_AT = SEED_AS_OF


@pytest.fixture(scope="session")
def pulled_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pulled-project")
    assert run(["init", str(root)]) == 0
    seed_org(root / "org.db", accounts=120, leads=40, reps=4)
    settings = load_settings(root, {})
    with running_sandbox(root / "org.db", clock=lambda: PULLED_AT) as org:
        credentials = credentials_from(environment(org))
        with sign_in(credentials) as salesforce, open_project_store(settings) as store:
            pull(settings, store, salesforce, now=PULLED_AT, holder="ann")
    return root


@pytest.fixture
def project(pulled_project: Path, tmp_path: Path) -> Path:
    """A copy of the project that a test may change; no org runs."""
    return Path(shutil.copytree(pulled_project, tmp_path / "project"))


@pytest.fixture
def settings(project: Path) -> Settings:
    return load_settings(project, {})


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_project_store(settings) as opened:
        yield opened
