"""OSRM inside this process: no server to run, but its package wants Python 3.12 or newer."""

from __future__ import annotations

from importlib import import_module, metadata
from pathlib import Path
from typing import Any, Final

from sfterritory.connectors.road.engine import (
    CHECK_ENGINE,
    BlockRefusedError,
    EngineFailedError,
    Identity,
    Limits,
    Table,
)
from sfterritory.connectors.road.osrm_table import (
    DEFAULT_PROFILE,
    ENGINE,
    PROBE,
    graph_of,
    limits_of,
    read_table,
    refusal_of,
)
from sfterritory.connectors.road.place import ends
from sfterritory.errors import ConfigError
from sfterritory.model.travel import Points

DEFAULT_PLACES: Final = 1000
# The files that each way of preparing a graph leaves beside the others.
_ALGORITHMS: Final = ((".hsgr", "CH"), (".mldgr", "MLD"))


class OsrmInProcess:
    """A graph that this process reads; satisfies `RoadEngine`.

    Args:
        graph: Its files' path without what follows `.osrm`.
        profile: What the graph was made for, as reports and the cache call it.
        places: Most places of one table.

    Raises:
        ConfigError: The package `osrm-bindings` or the graph is missing.
    """

    def __init__(self, graph: Path, *, profile: str | None, places: int | None) -> None:
        self._osrm = _bindings()
        self._profile = profile or DEFAULT_PROFILE
        self._doing = f"OSRM on {graph.name}"
        most = places or DEFAULT_PLACES
        self.limits: Limits = limits_of(most)
        self.workers = 1
        algorithm = _algorithm(graph)
        try:
            self._engine = self._osrm.OSRM(
                algorithm=algorithm,
                storage_config=str(graph),
                use_shared_memory=False,
                max_locations_distance_table=most,
            )
        except RuntimeError as error:
            raise ConfigError(
                f"travel.path: OSRM cannot open {graph}: {error}",
                remedy="prepare the graph with the same version of OSRM, see docs/travel.md",
            ) from error

    def identity(self) -> Identity:
        """Return the package's version, and a few drives that tell graphs apart."""
        try:
            answer = self._ask(PROBE, PROBE)
        except BlockRefusedError as refused:
            raise EngineFailedError(
                f"{self._doing}: {refused.words}", remedy=CHECK_ENGINE
            ) from refused
        version = metadata.version("osrm-bindings")
        return Identity(ENGINE, version, self._profile, graph_of(answer))

    def table(self, origins: Points, destinations: Points) -> Table:
        """Return the travel times of one block."""
        shape = (len(origins), len(destinations))
        return read_table(self._ask(origins, destinations), shape=shape, doing=self._doing)

    def close(self) -> None:
        """Let go of the graph."""
        self._engine = None

    def _ask(self, origins: Points, destinations: Points) -> dict[str, Any]:
        """Return an answer in the form that the server gives it."""
        coordinates, sources, targets = ends(origins, destinations)
        question = self._osrm.TableParameters(
            coordinates=coordinates,
            sources=sources,
            destinations=targets,
            annotations=["duration", "distance"],
        )
        try:
            answer = self._engine.Table(question)
        except RuntimeError as error:
            code = str(error).partition(" ")[0]
            raise BlockRefusedError(refusal_of(code), str(error)) from error
        return {
            "durations": [list(row) for row in answer["durations"]],
            "distances": [list(row) for row in answer["distances"]],
            "sources": [{"location": list(one["location"])} for one in answer["sources"]],
        }


def _bindings() -> Any:
    try:
        return import_module("osrm")
    except ImportError as error:
        raise ConfigError(
            f"provider osrm_inprocess needs the package osrm-bindings, which is missing ({error})",
            remedy="install sfterritory[road] on Python 3.12 or newer, or run osrm-routed and set "
            "provider osrm with its url",
        ) from error


def _algorithm(graph: Path) -> str:
    for ending, algorithm in _ALGORITHMS:
        if graph.with_name(graph.name + ending).is_file():
            return algorithm
    raise ConfigError(
        f"travel.path is {graph}, and {graph.name}.hsgr or {graph.name}.mldgr is not beside it",
        remedy="name the graph without the last ending (car.osrm), after osrm-extract and "
        "osrm-contract",
    )
