"""One process, two, three, or a cluster: `build` names its answer by its content, and it is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

from end_to_end.conftest import Prepare
from end_to_end.desk import Desk

FILE = "mappings/territories.yaml"
OVERLAYS = """overlays:
  - name: experts
    roster: {where: {all: [{field: Title, is: Account Executive}, {field: IsActive, is: true}]}}
    scope: {field: Industry, is_empty: false}
    calls_share: 0.25
    mode: greenfield
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """A real Dask cluster of two worker processes on loopback."""
    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield cluster.scheduler_address


def test_every_workforce_builds_the_same_version(
    pulled: Path, desk_of: Prepare, copy_of: Callable[[Path], Path], scheduler: str
) -> None:
    with desk_of(pulled) as (desk, _):
        with_another_team(desk)
        alone, *others = [
            # a copy each: a team's next build goes by the one before
            Desk(copy_of(desk.root.parent) / desk.root.name).ask("build", *words)
            for words in (
                ("--workers", "1"),
                ("--workers", "2"),
                ("--workers", "3"),
                ("--engine", "dask", "--scheduler", scheduler),
            )
        ]

    assert alone["overlays"]
    assert alone["commitments"]
    assert len(alone["curve"]) > 1
    for other in others:
        assert other == alone


def with_another_team(desk: Desk) -> None:
    """Have the accounts divided a second time, so that a team is built beside the owners."""
    desk.edit(FILE, "territories:\n  mode: homes", f"{OVERLAYS}\nterritories:\n  mode: homes")
    desk.run("pull")
