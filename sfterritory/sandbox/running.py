"""A running sandbox in this process, for tests, the demo, and `serve`."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn

from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.faults.keeping import add_fault, clear_faults
from sfterritory.sandbox.faults.protocol import FaultProtocol
from sfterritory.sandbox.interface import edit_record
from sfterritory.sandbox.seed import seed_org
from sfterritory.sandbox.server import create_app
from sfterritory.sandbox.state import SandboxState, store_token

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from sfterritory.sandbox.clock import Clock
    from sfterritory.sandbox.switches import Switches

_START_SECONDS = 20
MAX_HEAD_READ_BYTES = 262_144  # read more than is allowed, so that the refusal is a proper one


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files with which the server speaks TLS: some clients speak nothing else."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class SandboxHandle:
    """A sandbox that answers.

    Attributes:
        url: `http://127.0.0.1:PORT`; `https:` with a certificate.
        path: Its state file.
    """

    url: str
    client_id: str
    client_secret: str
    access_token: str
    org_id: str
    path: Path
    state: SandboxState

    def edit(
        self, object_name: str, record_id: str, values: Mapping[str, Any], *, by: str | None = None
    ) -> None:
        """Change a record as a person would, by default the API user; assignment rules do not run.

        Raises:
            RefusedError: The platform would not do it.
            KeyError: There is no such object.
        """
        user_id = by or self.state.credentials().run_as_user_id
        edit_record(self.state, object_name, record_id, values, by=user_id)

    def fault(self, kind: str, **parameters: Any) -> int:
        """Add a fault from the next request on, and return its number.

        Raises:
            SandboxError: There is no such fault, or it could not happen in this org.
        """
        return add_fault(self.state, {"kind": kind, **parameters})

    def clear_faults(self) -> None:
        """Take every fault out of the org."""
        clear_faults(self.state)

    def fired(self, number: int) -> int:
        """Return how often a fault has struck."""
        return next(one.fired for one in self.state.faults.listed() if one.number == number)


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a bound socket on loopback; port 0 takes a free one.

    Raises:
        SandboxError: The address is not of this machine alone, or the port is taken.
    """
    remedy = "use --host 127.0.0.1: a sandbox has no protection beyond this machine"
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError as error:
        raise SandboxError(f"{host!r} is no loopback address", remedy=remedy) from error
    if not address.is_loopback:
        raise SandboxError(f"{host} is not a loopback address", remedy=remedy)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    # asyncio switches Nagle's delay off (44 ms an answer) only where the protocol is named.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((str(address), port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise SandboxError(
            f"port {port} on {host} cannot be used: {error}",
            remedy="stop what uses it, or name another with --port (0 takes a free one)",
        ) from error
    return listener


def sandbox_server(
    state: SandboxState, *, jwt_public_key: bytes | None = None, tls: TlsFiles | None = None
) -> uvicorn.Server:
    """Return a server for an open state; signals are the caller's business.

    Raises:
        SandboxError: The certificate or its key cannot be used.
    """
    config = uvicorn.Config(
        create_app(state, jwt_public_key=jwt_public_key),
        log_level="error",
        access_log=False,
        lifespan="off",
        http=FaultProtocol,
        h11_max_incomplete_event_size=MAX_HEAD_READ_BYTES,
        ws="none",
        date_header=False,  # the application writes the date, by its own clock
        server_header=False,
        proxy_headers=False,  # the application judges them, by the Host beside them
        timeout_graceful_shutdown=3,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        raise SandboxError(
            f"the certificate {tls.certificate if tls else ''} cannot be used: {error}",
            remedy="name PEM files of a certificate and its key",
        ) from error
    return _QuietServer(config)


class _QuietServer(uvicorn.Server):
    """Leaves signals alone: uvicorn would raise them again after it has stopped."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def handle_of(state: SandboxState, listener: socket.socket, *, tls: bool = False) -> SandboxHandle:
    """Return how to reach a sandbox, with a fresh access token."""
    host, port = listener.getsockname()[:2]
    scheme = "https" if tls else "http"
    credentials = state.credentials()
    return SandboxHandle(
        url=f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}",
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
        access_token=store_token(state, credentials.run_as_user_id),
        org_id=credentials.org_id,
        path=state.path,
        state=state,
    )


@contextmanager
def running_sandbox(  # noqa: PLR0913 - each is a choice of a test
    state: Path,
    *,
    port: int = 0,
    seed: int = 7,
    clock: Clock | None = None,
    switches: Switches | None = None,
    jwt_public_key: bytes | None = None,
    tls: TlsFiles | None = None,
    faults: Iterable[Mapping[str, Any]] = (),
) -> Iterator[SandboxHandle]:
    """Serve a state file from a thread of this process; seed it first if there is none.

    Args:
        state: The file.
        port: To listen on; 0 takes a free one.
        seed: Of the org, where it is made.
        clock: The server's time.
        switches: In place of those in the file.
        jwt_public_key: PEM of the key whose assertions are accepted.
        tls: Certificate and key, to speak TLS in place of plain HTTP.
        faults: What is to go wrong, beside what the file says: `{"kind": "cut", "nth": 2}`.

    Raises:
        SandboxError: The port is taken, the state file is not ours, or a fault does not exist.
    """
    if not state.exists():
        seed_org(state, seed=seed)
    with contextlib.ExitStack() as stack:
        opened = SandboxState(state, switches=switches, **({"clock": clock} if clock else {}))
        stack.callback(opened.close)
        listener = stack.enter_context(listening_socket("127.0.0.1", port))
        server = sandbox_server(opened, jwt_public_key=jwt_public_key, tls=tls)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True
        )
        handle = handle_of(opened, listener, tls=tls is not None)
        for fault in faults:
            add_fault(opened, fault)
        thread.start()
        stack.callback(_stop, server, thread)
        _await_start(server, thread)
        yield handle


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    for _ in range(_START_SECONDS * 100):
        if server.started or not thread.is_alive():
            break
        pause.wait(0.01)
    if not server.started:
        raise SandboxError("the sandbox did not start", remedy="look at its log on stderr")


def _stop(server: uvicorn.Server, thread: threading.Thread) -> None:
    server.should_exit = True
    thread.join(timeout=10)
