"""The command line in a process of its own, forked from one that has everything imported."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess

# The server that children are forked from imports these once, which takes seconds.
_HEAVY = [
    "sfterritory.cli.main",
    "sfterritory.cli.render.outcome",
    "sfterritory.cli.render.progress",
    "sfterritory.cli.render.terminal",
    "sfterritory.connectors.salesforce.org",
    "sfterritory.model.store.store",
    "sfterritory.pipeline.apply",
    "sfterritory.pipeline.pull.job",
    "sfterritory.pipeline.review",
    "sfterritory.writeback.summary",
]
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(_HEAVY)


@contextmanager
def running_child(
    words: Sequence[str], environ: Mapping[str, str], *, out: str, err: str
) -> Iterator[ForkServerProcess]:
    """Run a command in a child; a child that still runs when the block ends is killed.

    Args:
        words: The command line.
        environ: All of its environment.
        out: Path of the file or terminal that its stdout goes to.
        err: The same for stderr.
    """
    child = _CONTEXT.Process(target=_type, args=(tuple(words), dict(environ), out, err))
    child.start()
    try:
        yield child
    finally:
        child.kill()
        child.join()
        child.close()


def _type(words: Sequence[str], environ: Mapping[str, str], out: str, err: str) -> None:
    os.environ.clear()
    os.environ.update(environ)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell ignores it
    for path, number in ((out, 1), (err, 2)):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOCTTY, 0o600)
        os.dup2(handle, number)
        os.close(handle)
    from sfterritory.cli.main import main  # noqa: PLC0415 - after the streams are in place

    main(words)


def plain_environ(**more: str) -> dict[str, str]:
    """Return an environment that says nothing but what a process needs, and `more`."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "TERM": "xterm-256color",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "SFTERRITORY_USER": "ann",
        **more,
    }
