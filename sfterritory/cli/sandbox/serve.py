"""`sfterritory sandbox serve`."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfterritory.cli.sandbox.state_file import explained, json_option, state_option
from sfterritory.errors import ConfigError

if TYPE_CHECKING:
    from types import FrameType

    from sfterritory.sandbox.running import SandboxHandle


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback address.")
@click.option(
    "--jwt-public-key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="PEM file of the key whose JWT bearer assertions are accepted.",
)
@click.option(
    "--tls-cert",
    type=click.Path(dir_okay=False, path_type=Path),
    help="PEM file of a certificate, to speak TLS for clients that know https only.",
)
@click.option(
    "--tls-key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="PEM file of the certificate's key.",
)
@state_option
@json_option
def serve(  # noqa: PLR0913, PLR0917 - one for each option
    port: int,
    host: str,
    jwt_public_key: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    state: Path,
    as_json: bool,  # noqa: FBT001 - click hands options over by name
) -> None:
    """Serve the org over HTTP until Ctrl-C; a new state file is seeded with a sample org."""
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together: name both, or neither")
    with explained():
        from sfterritory.sandbox.running import (
            TlsFiles,
            handle_of,
            listening_socket,
            sandbox_server,
        )
        from sfterritory.sandbox.seed import seed_org
        from sfterritory.sandbox.state import SandboxState

        key = _read_key(jwt_public_key)
        tls = TlsFiles(tls_cert, tls_key) if tls_cert and tls_key else None
        with listening_socket(host, port) as listener:
            if not state.exists():
                click.echo(f"seeding a sample org into {state} ...", err=True)
                seed_org(state)
            opened = SandboxState(state)
            try:
                server = sandbox_server(opened, jwt_public_key=key, tls=tls)

                def stop(_signal: int, _frame: FrameType | None) -> None:
                    server.should_exit = True

                signal.signal(signal.SIGINT, stop)
                signal.signal(signal.SIGTERM, stop)
                listener.listen(128)
                _announce(handle_of(opened, listener, tls=tls is not None), as_json=as_json)
                server.run(sockets=[listener])
            finally:
                opened.close()


def _read_key(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"the public key {path} cannot be read: {error}",
            remedy="name a PEM file with --jwt-public-key",
        ) from error


def _announce(handle: SandboxHandle, *, as_json: bool) -> None:
    if as_json:
        facts = {
            "url": handle.url,
            "client_id": handle.client_id,
            "client_secret": handle.client_secret,
            "access_token": handle.access_token,
            "org_id": handle.org_id,
            "state": str(handle.path),
        }
        click.echo(json.dumps(facts))
    else:
        lines = (
            f"sandbox org {handle.org_id} at {handle.url} (state: {handle.path})",
            "",
            f"export SFTERRITORY_INSTANCE_URL={handle.url}",
            f"export SFTERRITORY_CLIENT_ID={handle.client_id}",
            f"export SFTERRITORY_CLIENT_SECRET={handle.client_secret}",
            "",
            "A ready token, in place of the secret and never beside it:",
            f"  SFTERRITORY_ACCESS_TOKEN='{handle.access_token}'",
            "",
            "Ctrl-C stops it; the org is kept.",
        )
        click.echo("\n".join(lines))
    sys.stdout.flush()
