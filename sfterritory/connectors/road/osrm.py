"""OSRM over HTTP: its table service, and how its road graph is told from another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sfterritory.connectors.road.engine import (
    CHECK_ENGINE,
    BlockRefusedError,
    EngineFailedError,
    Identity,
    Refusal,
    Table,
    checked,
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
from sfterritory.connectors.road.place import ends, wire_coordinates
from sfterritory.connectors.road.server import RefusedAnswerError, RoadServer
from sfterritory.model.travel import Points

DEFAULT_PLACES: Final = 100  # what osrm-routed allows as it comes


class OsrmServer:
    """An `osrm-routed` at an address; satisfies `RoadEngine`.

    Args:
        server: Where it is asked.
        profile: The word behind `/table/v1/`.
        places: Most places of one request, its `--max-table-size`.
        workers: Requests at a time.
    """

    def __init__(
        self, server: RoadServer, *, profile: str | None, places: int | None, workers: int
    ) -> None:
        self._server = server
        self._profile = profile or DEFAULT_PROFILE
        self.limits = limits_of(places or DEFAULT_PLACES)
        self.workers = workers

    def identity(self) -> Identity:
        """Ask for the version of the data, and for a few drives that tell graphs apart."""
        try:
            answer = self._get(PROBE, PROBE)
        except BlockRefusedError as refused:
            if refused.refusal is Refusal.NO_WAY:  # it snaps to near roads only, and tells nothing
                return Identity(ENGINE, "", self._profile, "")
            raise EngineFailedError(
                f"{self._server.url}: {refused.words}", remedy=CHECK_ENGINE
            ) from refused
        checked(answer.get("durations"), shape=(len(PROBE), len(PROBE)), doing=self._server.url)
        return Identity(ENGINE, "", self._profile, graph_of(answer))

    def table(self, origins: Points, destinations: Points) -> Table:
        """Return the travel times of one block."""
        answer = self._get(origins, destinations)
        return read_table(answer, shape=(len(origins), len(destinations)), doing=self._server.url)

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    def _get(self, origins: Points, destinations: Points) -> Mapping[str, Any]:
        coordinates, sources, targets = ends(origins, destinations)
        path = (
            f"/table/v1/{self._profile}/{';'.join(wire_coordinates(coordinates))}"
            f"?sources={_numbers(sources)}&destinations={_numbers(targets)}"
            "&annotations=duration,distance&generate_hints=false"
        )
        try:
            answer = self._server.get(path)
        except RefusedAnswerError as refused:
            raise _refusal(refused) from refused
        if not isinstance(answer, Mapping) or answer.get("code") != "Ok":
            raise EngineFailedError(
                f"{self._server.url}: the answer is no table of OSRM",
                remedy="check that travel.url is an OSRM server, and travel.provider osrm",
            )
        return answer


def _refusal(refused: RefusedAnswerError) -> BlockRefusedError:
    content = refused.content
    code = str(content.get("code", "")) if isinstance(content, Mapping) else ""
    too_long = refused.status in {413, 414}
    return BlockRefusedError(Refusal.SIZE if too_long else refusal_of(code), str(refused))


def _numbers(rows: Sequence[int]) -> str:
    return ";".join(map(str, rows))
