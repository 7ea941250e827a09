"""Record the cassettes again: `python -m tests.connectors.salesforce.record_cassettes`.

By itself it records against a fresh sandbox. With `--org NAME` it records against the org of that
profile in a project's sfterritory.yaml (`environment` for the variables): it reads five
accounts, and saves one account with the owner it has. Ids, hosts, tokens and e-mail addresses are
replaced before anything is stored.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from sfterritory.connectors.salesforce.credentials import ClientCredentials, Credentials
from sfterritory.sandbox.running import running_sandbox
from sfterritory.settings.project import load_settings

from .cassette import FOLDER, recording
from .scenarios import SCENARIOS

SANDBOX_HEADING = "Recorded against the sfterritory sandbox, not a real org."
ORG_HEADING = "Recorded against a real org; ids, hosts, tokens and addresses are replaced."


@contextmanager
def _sandbox() -> Iterator[Credentials]:
    with (
        TemporaryDirectory() as folder,
        running_sandbox(Path(folder) / "org.db") as sandbox,
    ):
        yield ClientCredentials(
            instance_url=sandbox.url,
            client_id=sandbox.client_id,
            client_secret=SecretStr(sandbox.client_secret),
        )


@contextmanager
def _org(name: str, project: Path) -> Iterator[Credentials]:
    yield load_settings(project, os.environ, org_name=name).credentials(os.environ)


def main() -> None:
    """Record every scenario."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--org", metavar="NAME", help="record against this profile's org")
    parser.add_argument("--project", type=Path, default=Path(), help="where the profile stands")
    options = parser.parse_args()
    real = options.org is not None
    with _org(options.org, options.project) if real else _sandbox() as credentials:
        for name, scenario in SCENARIOS.items():
            with recording(name, heading=ORG_HEADING if real else SANDBOX_HEADING):
                scenario(credentials)
            sys.stdout.write(f"{FOLDER / name}.yaml\n")


if __name__ == "__main__":
    main()
