"""One process, several, or a cluster: the same work, told apart only by who does it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from distributed import LocalCluster

from sfterritory.errors import ConfigError, ConnectorError
from sfterritory.pipeline.workforce import Workforce, at_work


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """A real Dask cluster of two worker processes on loopback."""
    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
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
