"""Travel times as the project is set up: by the estimate, an engine, or a file of the user."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from sfterritory.connectors.road.engine import RoadEngine
from sfterritory.connectors.road.file_travel import FileTravel
from sfterritory.connectors.road.matrix_file import Place, read_matrix_file
from sfterritory.connectors.road.osrm import OsrmServer
from sfterritory.connectors.road.osrm_inprocess import OsrmInProcess
from sfterritory.connectors.road.params import TravelParams
from sfterritory.connectors.road.server import RoadServer
from sfterritory.connectors.road.travel import GraphCache, RoadTravel
from sfterritory.connectors.road.valhalla import ValhallaServer
from sfterritory.geography.travel.estimate import EstimatedTravel
from sfterritory.model.columns import Ints
from sfterritory.model.store.travel_cache import TravelCache
from sfterritory.model.travel import Forecast, Points, TravelTime


class OpenTravel(TravelTime, Protocol):
    """Travel times of a provider that was opened."""

    @property
    def source(self) -> str:
        """Return what answers, as `Legs.source` says it."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what a person should know of the answers so far, as sentences."""

    def forecast(
        self, origins: Points, destinations: Points, *, rows: tuple[Ints, Ints] | None = None
    ) -> Forecast:
        """Return what a matrix, or chosen pairs, would cost; nothing is asked."""


@contextmanager
def travel_time(  # noqa: PLR0913 - clock, dice and waiting are arguments
    params: TravelParams,
    *,
    root: Path,
    now: datetime,
    places: Mapping[str, Place] | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.perf_counter,
    rng: random.Random | None = None,
) -> Iterator[OpenTravel]:
    """Open the travel times of a project, and close them after the block.

    Args:
        params: What the project says.
        root: The folder that paths of `params` start from.
        now: The moment of this run.
        places: Longitude and latitude by record id, for matrix files that name records.
        sleep: Waits between attempts.
        clock: Seconds that only grow, to learn what answers take.
        rng: Spreads those waits; the same each time where it is left out.

    Raises:
        ConfigError: The provider cannot be opened as it is set up.
        EngineFailedError: The engine does not say who it is: wrong address, or not running.
        StoreError: The cache cannot be used.
    """
    estimate = EstimatedTravel(params.factors)
    match params.provider:
        case "estimate":
            yield EstimatedTravel(params.factors, params.speed_factor)
        case "file":
            path = root / (params.path or "")
            file = read_matrix_file(path, name=params.path or "", places=places or {})
            yield FileTravel(file, fallback=estimate, speed_factor=params.speed_factor)
        case _:
            dice = rng or random.Random(0)  # noqa: S311 - spreads waits, guards nothing
            engine = _engine(params, root=root, sleep=sleep, dice=dice)
            try:
                travel = _on_roads(engine, params, root=root, now=now, clock=clock)
            except BaseException:
                engine.close()
                raise
            try:
                yield travel
            finally:
                travel.close()


def _engine(
    params: TravelParams, *, root: Path, sleep: Callable[[float], None], dice: random.Random
) -> RoadEngine:
    profile, places = params.profile, params.block_places
    if params.provider == "osrm_inprocess":
        return OsrmInProcess(root / (params.path or ""), profile=profile, places=places)
    server = RoadServer(params, sleep=sleep, rng=dice)
    workers = params.concurrency if server.is_local else 1
    if params.provider == "osrm":
        return OsrmServer(server, profile=profile, places=places, workers=workers)
    return ValhallaServer(server, profile=profile, places=places, workers=workers)


def _on_roads(
    engine: RoadEngine,
    params: TravelParams,
    *,
    root: Path,
    now: datetime,
    clock: Callable[[], float],
) -> RoadTravel:
    identity = engine.identity()
    path = None if params.cache is None else root / params.cache
    believed = timedelta(days=params.unreachable_days)
    opened = TravelCache(path, now=now, unreachable_for=believed)
    otherwise = params.name or params.url or params.path or ""
    cache = GraphCache.of(opened, identity, otherwise=otherwise)
    return RoadTravel(
        engine,
        identity=identity,
        name=params.name or "",
        cache=cache,
        fallback=EstimatedTravel(params.factors),
        speed_factor=params.speed_factor,
        clock=clock,
    )
