"""One process, several, or a cluster: the same work, told apart only by who does it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest
from distributed import LocalCluster

from sfterritory.errors import ConfigError, ConnectorError, SfTerritoryError
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


def lose_a_worker() -> None:
    with at_work(Workforce(workers=2)) as executor:
        assert executor is not None
        executor.submit(os._exit, 9).result()
