"""Who does the parallel work: processes of this machine, or a Dask cluster by its address.

Stages see a standard `Executor` or nothing. What is split, and into how many parts, follows from
the data and never from the number of workers: the answer is the same for any workforce.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Literal

from sfterritory.errors import ConfigError, ConnectorError

_CONNECT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Workforce:
    """What a person asked for.

    Attributes:
        engine: `local` for processes of this machine, `dask` for a cluster.
        workers: Processes of this machine; 1 does everything in the calling one.
        scheduler: Address of the Dask scheduler, `tcp://host:8786`; '' for none.
    """

    engine: Literal["local", "dask"] = "local"
    workers: int = 1
    scheduler: str = ""

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
        ConfigError: Dask is not installed, or the address is none.
        ConnectorError: No scheduler answers there.
    """
    if workforce.engine == "dask":
        with _dask(workforce.scheduler) as executor:
            yield executor
    elif workforce.workers == 1:
        yield None
    else:
        # Forked workers would inherit the threads of a progress bar, half alive.
        with ProcessPoolExecutor(workforce.workers, get_context("spawn")) as pool:
            yield pool


@contextmanager
def _dask(scheduler: str) -> Iterator[Executor]:
    try:
        from distributed import Client  # noqa: PLC0415 - an extra, and slow to import
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
    with client, client.get_executor() as executor:  # type: ignore[no-untyped-call]
        yield executor
