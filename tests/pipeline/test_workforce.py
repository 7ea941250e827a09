"""One process, several, or a cluster: the same work, told apart only by who does it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path
from socket import socket

import pytest
from distributed import Client, LocalCluster

from sfterritory.errors import ConfigError, ConnectorError, SfTerritoryError
from sfterritory.optimize.beside import beside
from sfterritory.pipeline.workforce import Workforce, at_work
from sfterritory.pipeline.workforce import _check_workers as check_workers


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """A real Dask cluster of two worker processes on loopback."""
    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield cluster.scheduler_address


@pytest.mark.slow
def test_a_pool_and_a_cluster_do_the_work_in_order(scheduler: str) -> None:
    for workforce in (Workforce(workers=2), Workforce(engine="dask", scheduler=scheduler)):
        with at_work(workforce) as executor:
            assert executor is not None
            assert list(executor.map(abs, range(-5, 5))) == [abs(n) for n in range(-5, 5)]


def test_one_worker_needs_no_executor() -> None:
    with at_work(Workforce()) as executor:
        assert executor is None


def test_a_cluster_needs_both_its_options() -> None:
    with pytest.raises(ConfigError, match="both --engine dask and --scheduler"):
        Workforce(engine="dask")
    with pytest.raises(ConfigError, match="both --engine dask and --scheduler"):
        Workforce(scheduler="tcp://127.0.0.1:8786")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "error"),
    [("tcp://127.0.0.1:9", ConnectorError), ("nonsense://127.0.0.1:9", ConfigError)],
)
def test_a_scheduler_that_is_not_there_is_named(address: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=address), at_work(Workforce(engine="dask", scheduler=address)):
        pass


@pytest.mark.slow
def test_a_worker_process_that_dies_is_told_and_no_traceback() -> None:
    with pytest.raises(SfTerritoryError, match="2 worker processes ended"):
        lose_a_worker()


@pytest.mark.slow
def test_a_cluster_without_workers_is_refused_at_once() -> None:
    with (
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
        pytest.raises(ConnectorError, match="has no worker"),
        at_work(Workforce(engine="dask", scheduler=cluster.scheduler_address)),
    ):
        pass


@pytest.mark.slow
def test_work_of_a_worker_that_is_killed_goes_to_another_and_nothing_is_lost() -> None:
    with _scheduler() as (address, _), _worker(address) as first, _worker(address):
        assert six_answers(Workforce(engine="dask", scheduler=address), first) == list(range(6))


@pytest.mark.slow
def test_a_cluster_whose_last_worker_was_killed_is_not_waited_for(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with _scheduler() as (address, _), _worker(address) as only:
        impatient = Workforce(engine="dask", scheduler=address, patience_seconds=2.0)
        with pytest.raises(ConnectorError, match="has had no worker for 2 seconds"):
            six_answers(impatient, only)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.slow
def test_a_scheduler_that_is_killed_is_told_without_a_traceback(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with (
        _scheduler() as (address, server),
        _worker(address),
        pytest.raises(ConnectorError, match="lost work or its scheduler"),
    ):
        six_answers(Workforce(engine="dask", scheduler=address), server)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.slow
def test_work_that_a_cluster_drops_is_told(scheduler: str) -> None:
    with (
        pytest.raises(ConnectorError, match="lost work"),
        at_work(Workforce(engine="dask", scheduler=scheduler)),
    ):
        raise CancelledError


def test_workers_of_other_versions_are_all_named() -> None:
    ours = {"sfterritory": "1", "python": "3", "numpy": "2", "scipy": "1", "numba": "0"}
    theirs = {
        "tcp://b": {"packages": {**ours, "numba": "9"}},
        "tcp://a": {"packages": {**ours, "sfterritory": None}},
        "tcp://c": {"packages": ours},
    }

    with pytest.raises(ConfigError) as refused:
        check_workers({"client": {"packages": ours}, "workers": theirs}, "tcp://s")

    assert refused.value.problem.splitlines() == [
        "worker tcp://a has sfterritory not at all, this machine 1",
        "worker tcp://b has numba 9, this machine 0",
    ]


def _after_a_while(number: int) -> int:
    time.sleep(0.5)
    return number


def six_answers(workforce: Workforce, victim: subprocess.Popen[bytes]) -> list[int]:
    """Have six calls answered, and kill a process of the cluster after the first answer."""
    with at_work(workforce) as executor:
        answers = beside(executor, _after_a_while, range(6))
        first = next(answers)
        victim.kill()
        return [first, *answers]


@contextmanager
def _scheduler() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler in a process of its own, which a test may kill; yields its address first."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    with _process("dask_scheduler", "--host", "127.0.0.1", "--port", str(port)) as server:
        yield address, server


@contextmanager
def _worker(address: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that nobody starts again, known to its scheduler."""
    with Client(address, timeout=30, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        count = len(client.scheduler_info()["workers"])
        with _process(
            "dask_worker", address, "--no-nanny", "--nthreads", "1", "--host", "127.0.0.1"
        ) as server:
            client.wait_for_workers(count + 1, timeout=60)
            client.close()
            yield server


@contextmanager
def _process(kind: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    tests = str(Path(__file__).parents[1])
    path = os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-m", f"distributed.cli.{kind}", *words, "--no-dashboard"],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            yield server
        finally:
            server.kill()


def lose_a_worker() -> None:
    with at_work(Workforce(workers=2)) as executor:
        assert executor is not None
        executor.submit(os._exit, 9).result()
