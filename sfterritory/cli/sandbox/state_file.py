"""What every verb of the sandbox has: the file that holds the org, and how failures are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sfterritory.errors import ConfigError

DEFAULT_STATE = Path(".sfterritory/sandbox.db")

state_option = click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT_STATE,
    show_default=True,
    help="File that holds the org.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


@contextmanager
def explained() -> Iterator[None]:
    """Turn the sandbox's own failures into those that a command shows."""
    from sfterritory.sandbox.failure import SandboxError

    try:
        yield
    except SandboxError as error:
        raise ConfigError(error.problem, remedy=error.remedy) from error
