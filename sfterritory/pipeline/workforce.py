"""Who does the parallel work: processes of this machine, or a Dask cluster by its address.

Stages see a standard `Executor` or nothing. What is split, and into how many parts, follows from
the data and never from the number of workers: the answer is the same for any workforce. Workers of
a cluster have to compute as this machine does: versions are compared before anything is sent.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import BrokenExecutor, CancelledError, Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, Literal, cast

from sfterritory.errors import ConfigError, ConnectorError, SfTerritoryError

_CONNECT_SECONDS = 5
_LOOK_SECONDS = 1.0
_TALKERS = ("distributed", "distributed.client", "tornado.application")
_SAME_EVERYWHERE = ("sfterritory", "python", "numpy", "scipy", "numba")
"""What decides the last digit of an answer, and whether what is sent can be read."""


@dataclass(frozen=True, slots=True)
class Workforce:
    """What a person asked for.

    Attributes:
        engine: `local` for processes of this machine, `dask` for a cluster.
        workers: Processes of this machine; 1 does everything in the calling one.
        scheduler: Address of the Dask scheduler, `tcp://host:8786`; '' for none.
        patience_seconds: How long a cluster may be without any worker before work is given up.
    """

    engine: Literal["local", "dask"] = "local"
    workers: int = 1
    scheduler: str = ""
    patience_seconds: float = 60.0

    def __post_init__(self) -> None:
        if (self.engine == "dask") != bool(self.scheduler):
            raise ConfigError(
                "a Dask cluster needs both --engine dask and --scheduler",
                remedy="give `--engine dask --scheduler tcp://host:8786`, or neither",
            )


ALONE = Workforce()


@contextmanager
def at_work(workforce: Workforce) -> Iterator[Executor | None]:
    """Open the workforce for a block; None where one process does everything.

    Raises:
        ConfigError: Dask is not installed, the address is none, or workers have other versions.
        ConnectorError: No scheduler answers there, it has no worker, or it went away.
        SfTerritoryError: A process of this machine ended before its answer.
    """
    if workforce.engine == "dask":
        with _dask(workforce.scheduler, workforce.patience_seconds) as executor:
            yield executor
    elif workforce.workers == 1:
        yield None
    else:
        # Forked workers would inherit the threads of a progress bar, half alive.
        with ProcessPoolExecutor(workforce.workers, get_context("spawn")) as pool:
            try:
                yield pool
            except BrokenExecutor as error:
                raise SfTerritoryError(
                    f"one of {workforce.workers} worker processes ended before its answer: {error}",
                    remedy="give fewer --workers: most often memory has run out; nothing was kept",
                ) from error


@contextmanager
def _dask(scheduler: str, patience_seconds: float) -> Iterator[Executor]:
    try:
        from distributed import Client, KilledWorker  # noqa: PLC0415 - an extra, slow to import
    except ImportError as error:
        raise ConfigError(
            "Dask is not installed here", remedy="pip install 'sfterritory[dask]'"
        ) from error
    try:
        client = Client(  # type: ignore[no-untyped-call]
            scheduler, timeout=_CONNECT_SECONDS, set_as_default=False
        )
    except ValueError as error:
        raise ConfigError(
            f"--scheduler {scheduler!r} is no address: {error}",
            remedy="write it as tcp://host:8786",
        ) from error
    except OSError as error:
        raise ConnectorError(
            f"no Dask scheduler answers at {scheduler}: {error}",
            remedy="start one with `dask scheduler`, or leave --engine out",
        ) from error
    with _quiet(), client:
        versions = cast("Mapping[str, Any]", client.get_versions(packages=_SAME_EVERYWHERE))
        _check_workers(versions, scheduler)
        # pure calls would be kept and named by a hash of all that is sent
        with (
            client.get_executor(pure=False) as executor,  # type: ignore[no-untyped-call]
            _watched(client, executor, patience_seconds) as given_up,
        ):
            try:
                yield executor
            except (KilledWorker, CancelledError, RuntimeError) as error:
                if isinstance(error, RuntimeError) and not given_up.is_set():
                    raise  # of the work itself
                why = (
                    f"has had no worker for {patience_seconds:g} seconds"
                    if given_up.is_set()
                    else f"lost work{f': {error}' if str(error) else ' or its scheduler'}"
                )
                raise ConnectorError(
                    f"the Dask cluster at {scheduler} {why}",
                    remedy="look at the logs of its workers and of its scheduler, most often "
                    "memory has run out; nothing was kept",
                ) from error


@contextmanager
def _watched(client: Any, executor: Any, patience_seconds: float) -> Iterator[threading.Event]:
    """Cancel the work where no worker is left: Dask itself would wait for one for ever."""
    given_up, over = threading.Event(), threading.Event()

    def watch() -> None:
        idle_seconds = 0.0
        while not over.wait(_LOOK_SECONDS):
            try:
                workers = client.scheduler_info(n_workers=1)["workers"]
            except OSError:  # the scheduler went away, and the client cancels what it asked for
                return
            idle_seconds = 0.0 if workers else idle_seconds + _LOOK_SECONDS
            if idle_seconds >= patience_seconds:
                given_up.set()
                executor.shutdown(wait=False)
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield given_up
    finally:
        over.set()
        watcher.join()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask from telling on stderr, with tracebacks, what our errors say."""
    loggers = [logging.getLogger(name) for name in _TALKERS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _check_workers(versions: Mapping[str, Any], scheduler: str) -> None:
    """Refuse a cluster without workers, and workers that would compute otherwise than we do."""
    if not versions["workers"]:
        raise ConnectorError(
            f"the Dask scheduler at {scheduler} has no worker",
            remedy=f"start some with `dask worker {scheduler}`",
        )
    here = versions["client"]["packages"]
    wrong = [
        f"worker {address} has {name} {there['packages'].get(name) or 'not at all'}, "
        f"this machine {here[name]}"
        for address, there in sorted(versions["workers"].items())
        for name in _SAME_EVERYWHERE
        if there["packages"].get(name) != here[name]
    ]
    if wrong:
        raise ConfigError(
            "\n".join(wrong),
            remedy="install the same versions on every worker: others may give another answer",
        )
