"""A toll gate between a client and the org: it stops the request that a test names."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

WAIT_S = 30.0
Request = tuple[str, str]  # method and path
Wanted = Callable[[Sequence[Request]], bool]
_OF_ONE_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass
class Toll:
    """Counts requests, and holds one of them until it is released.

    Attributes:
        is_wanted: Asked at each request with all of them so far: whether to hold this last one.
        after: Hold the answer of a request that the org has carried out, not the request itself.
        seen: Method and path of every request, in order.
    """

    url: str
    is_wanted: Wanted
    after: bool
    seen: list[Request] = field(default_factory=list)
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def hold(self) -> None:
        """Wait until the client is dead; its request goes no further."""
        self.reached.set()
        self.released.wait(WAIT_S)


@contextmanager
def toll_gate(org_url: str, is_wanted: Wanted, *, after: bool) -> Iterator[Toll]:
    """Relay to an org from an address of our own, while the block runs."""
    target = urlsplit(org_url).netloc
    lock = threading.Lock()

    class Relay(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # with it each answer takes 40 ms
        wbufsize = -1

        def relay(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with lock:
                toll.seen.append((self.command, self.path))
                wanted = toll.is_wanted(toll.seen)
            if wanted and not toll.after:
                self.close_connection = True
                toll.hold()
                return
            org = http.client.HTTPConnection(target, timeout=WAIT_S)
            try:
                org.request(self.command, self.path, body, dict(self.headers.items()))
                answer = org.getresponse()
                content = answer.read()
            finally:
                org.close()
            if wanted:
                self.close_connection = True
                toll.hold()
                return
            self.send_response_only(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in _OF_ONE_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = relay  # noqa: N815 - names of http.server

        def log_message(self, *_: object) -> None:
            """Say nothing: the test knows what was asked."""

    class Gate(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A killed client breaks its connection; that is the point."""

    with Gate(("127.0.0.1", 0), Relay) as gate:
        toll = Toll(f"http://127.0.0.1:{gate.server_address[1]}", is_wanted, after)
        thread = threading.Thread(target=gate.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield toll
        finally:
            toll.released.set()
            gate.shutdown()
            thread.join()
