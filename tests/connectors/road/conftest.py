"""An engine to break things with, and travel times on it whose waits cost no time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sfterritory.connectors.road.params import Provider, TravelParams
from sfterritory.pipeline.travel import OpenTravel, travel_time

from .fault_engine import FaultEngine, fault_engine

NOW = datetime(2026, 11, 2, tzinfo=UTC)

OpenIt = Callable[..., AbstractContextManager[OpenTravel]]


@pytest.fixture
def engine() -> Iterator[FaultEngine]:
    with fault_engine() as running:
        yield running


@pytest.fixture
def waits_seconds() -> list[float]:
    """Return what would have been slept."""
    return []


@pytest.fixture
def opened(engine: FaultEngine, tmp_path: Path, waits_seconds: list[float]) -> OpenIt:
    """Return a function that opens travel times on the engine: OSRM, one request at a time."""

    def open_it(
        provider: Provider = "osrm",
        *,
        now: datetime = NOW,
        clock: Callable[[], float] = time.perf_counter,
        **more: object,
    ) -> AbstractContextManager[OpenTravel]:
        settings = {"provider": provider, "url": engine.url, "concurrency": 1, **more}
        params = TravelParams.model_validate(settings)
        return travel_time(params, root=tmp_path, now=now, sleep=waits_seconds.append, clock=clock)

    return open_it
