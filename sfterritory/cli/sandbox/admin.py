"""Faults and switches of an org: in its state file, or of a server that runs elsewhere.

A server that runs on the same state file takes over what is written there with the next request.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from sfterritory.cli.sandbox.state_file import explained
from sfterritory.errors import ConfigError

if TYPE_CHECKING:
    from sfterritory.sandbox.state import SandboxState

_TIMEOUT_S = 10

url_option = click.option(
    "--url", metavar="URL", help="A running sandbox to talk to, in place of the state file."
)


def pairs_of(words: Iterable[str]) -> dict[str, Any]:
    """Return `NAME=VALUE` words as values: numbers, true, false and null, else text.

    Raises:
        ConfigError: A word has no `=`; all such are named.
    """
    split = [(word, *word.partition("=")) for word in words]
    problems = [f"{word!r} is not NAME=VALUE" for word, name, equals, _ in split if not equals]
    if problems:
        raise ConfigError("\n".join(problems), remedy="write e.g. `cut nth=2 at_byte=100`")
    return {name: _value(text) for _, name, _, text in split}


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, dict | list) else value


def ask(url: str, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask a running sandbox, and return its answer.

    Raises:
        ConfigError: It does not answer, is no sandbox, or refuses.
    """
    remedy = "name the URL that `sfterritory sandbox serve` printed"
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise ConfigError(f"{url!r} is no URL of a sandbox", remedy=remedy)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=_TIMEOUT_S)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        told = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ConfigError(f"{url} does not answer as a sandbox: {error}", remedy=remedy) from error
    finally:
        connection.close()
    if not isinstance(told, dict):
        raise ConfigError(f"{url} does not answer as a sandbox", remedy=remedy)
    if answer.status != http.client.OK:
        raise ConfigError(
            str(told.get("problem", f"HTTP {answer.status}")),
            remedy=str(told.get("remedy", remedy)),
        )
    return told


@contextmanager
def opened_org(state: Path) -> Iterator[SandboxState]:
    """Open the org of a state file for the block; none is made by the way.

    Raises:
        ConfigError: There is none, or the block fails as the sandbox fails.
    """
    if not state.is_file():
        raise ConfigError(
            f"there is no sandbox state at {state}",
            remedy="run `sfterritory sandbox serve`, or name another with --state or --url",
        )
    with explained():
        from sfterritory.sandbox.state import SandboxState

        org = SandboxState(state)
        try:
            yield org
        finally:
            org.close()
