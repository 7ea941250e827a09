"""What every command gets: the project folder, the clock, and how to answer.

`@on_project` adds `--project`, `--org` and `--json` to a command and hands it an `Invocation`.
"""

from __future__ import annotations

import functools
import getpass
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from sfterritory.cli.notice import telling_notices
from sfterritory.errors import ExitCode

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console

    from sfterritory.connectors.salesforce.org import SalesforceOrg
    from sfterritory.model.store.store import Store
    from sfterritory.settings.project import Settings

FORMAT_VERSION = 1
WRITER = "apply"  # the only command that changes records in Salesforce

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Invocation:
    """One run of one command.

    Attributes:
        org_name: The profile that `--org` names, None where it was not given.
    """

    name: str
    root: Path
    as_json: bool
    now: datetime
    org_name: str | None = None

    @property
    def user(self) -> str:
        """Return who acts: SFTERRITORY_USER, else the account on this machine."""
        return os.environ.get("SFTERRITORY_USER") or getpass.getuser()

    @property
    def holder(self) -> str:
        """Return who holds a lease: user, host and process."""
        return f"{self.user}@{socket.gethostname()}, process {os.getpid()}"

    def settings(self) -> Settings:
        """Read the project folder."""
        from sfterritory.settings.project import load_settings

        return load_settings(self.root, os.environ, org_name=self.org_name)

    @contextmanager
    def store(self, settings: Settings) -> Iterator[Store]:
        """Open the project's store, and close it after the block."""
        from sfterritory.pipeline.opening import open_project_store

        store = open_project_store(settings)
        try:
            yield store
        finally:
            store.close()

    def org(self, settings: Settings) -> SalesforceOrg:
        """Sign in to the org that was chosen: by its profile, or by the environment."""
        from sfterritory.connectors.salesforce.bulk import BulkParams
        from sfterritory.connectors.salesforce.org import sign_in

        return sign_in(
            settings.credentials(os.environ),
            api_version=settings.project.org.api_version,
            bulk=BulkParams(max_records=settings.salesforce.pull.page_rows),
        )

    @contextmanager
    def progress(self) -> Iterator[None]:
        """Show progress of long work on stderr, where a person looks at it."""
        if self.as_json or not sys.stderr.isatty():
            yield
            return
        from sfterritory.cli.render.progress import showing_progress

        with showing_progress():
            yield

    def console(self) -> Console:
        """Return the console of stdout."""
        from sfterritory.cli.render.style import stdout_console

        return stdout_console()

    def answer(self, document: BaseModel) -> None:
        """Print a document as JSON, with the command's name and a format number around it."""
        self.answer_json(document.model_dump(mode="json"))

    def answer_json(self, content: object) -> None:
        """Print plain data as the command's JSON answer."""
        click.echo(
            json.dumps(
                {"format_version": FORMAT_VERSION, self.name: content},
                ensure_ascii=False,
                indent=None if not sys.stdout.isatty() else 2,
            )
        )


def on_project(
    body: Callable[Concatenate[Invocation, P], ExitCode | None],
) -> Callable[P, ExitCode | None]:
    """Add `--project`, `--org` and `--json`, and call the command with an `Invocation`."""

    @click.option(
        "--project",
        "root",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path(),
        show_default="this folder",
        help="The folder that holds sfterritory.yaml.",
    )
    @click.option(
        "--org",
        "org_name",
        metavar="PROFILE",
        help="The org to work on: a profile of sfterritory.yaml, or `environment`.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Answer with one JSON document.")
    @functools.wraps(body)
    def command(*args: P.args, **kwargs: P.kwargs) -> ExitCode | None:
        root = kwargs.pop("root")
        as_json = kwargs.pop("as_json")
        org_name = kwargs.pop("org_name")
        context = click.get_current_context()
        invocation = Invocation(
            name=_command_name(context),
            root=Path(str(root)),
            as_json=bool(as_json),
            now=datetime.now(UTC),
            org_name=None if org_name is None else str(org_name),
        )
        with telling_notices(writes=invocation.name == WRITER):
            return body(invocation, *args, **kwargs)

    return command


def _command_name(context: click.Context) -> str:
    """Return the command's name; the verbs of a group answer under the name of the group."""
    while context.parent is not None and context.parent.parent is not None:
        context = context.parent
    return context.info_name or ""
