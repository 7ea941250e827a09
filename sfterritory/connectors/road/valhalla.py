"""Valhalla over HTTP: its matrix service, and what its status says of the road graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from sfterritory.connectors.road.engine import (
    CHECK_ENGINE,
    BlockRefusedError,
    EngineFailedError,
    Identity,
    Limits,
    Refusal,
    Table,
    checked,
)
from sfterritory.connectors.road.server import RefusedAnswerError, RoadServer
from sfterritory.model.travel import Points

ENGINE: Final = "valhalla"
DEFAULT_PROFILE: Final = "auto"
DEFAULT_PLACES: Final = 50  # at each end: 2,500 pairs are what it allows as it comes
_CHECK_URL: Final = "check that travel.url is a Valhalla server, and travel.provider valhalla"
# Valhalla's own numbers of errors.
_REFUSALS: Final[Mapping[int, Refusal]] = {
    150: Refusal.SIZE,
    154: Refusal.TOO_FAR,
    170: Refusal.NO_WAY,
    171: Refusal.NO_WAY,
    442: Refusal.NO_WAY,
}


class ValhallaServer:
    """A `valhalla_service` at an address; satisfies `RoadEngine`.

    Args:
        server: Where it is asked.
        profile: Its costing.
        places: Most origins, and most destinations, of one request.
        workers: Requests at a time.
    """

    def __init__(
        self, server: RoadServer, *, profile: str | None, places: int | None, workers: int
    ) -> None:
        self._server = server
        self._profile = profile or DEFAULT_PROFILE
        side = places or DEFAULT_PLACES
        # Every cell is a search of its own, so cells that nobody asked for are dear.
        self.limits = Limits(
            origins=side,
            destinations=side,
            places=2 * side,
            least_use=0.5,
            seconds_per_request=0.02,
            seconds_per_cell=7e-4,
        )
        self.workers = workers

    def identity(self) -> Identity:
        """Ask for version and age of the graph."""
        try:
            status = self._server.get("/status")
        except RefusedAnswerError as refused:
            raise EngineFailedError(
                f"{self._server.url}: {refused}", remedy=_CHECK_URL
            ) from refused
        version = status.get("version") if isinstance(status, Mapping) else None
        if not isinstance(status, Mapping) or not isinstance(version, str):
            raise EngineFailedError(
                f"{self._server.url}: the answer is no status of Valhalla", remedy=_CHECK_URL
            )
        made = status.get("tileset_last_modified")
        graph = f"{version}-{made}" if isinstance(made, int) and made else ""
        return Identity(ENGINE, version, self._profile, graph)

    def table(self, origins: Points, destinations: Points) -> Table:
        """Return the travel times of one block."""
        shape = (len(origins), len(destinations))
        body = {
            "sources": _locations(origins),
            "targets": _locations(destinations),
            "costing": self._profile,
            "units": "kilometers",
            "verbose": False,
        }
        try:
            answer = self._server.post("/sources_to_targets", body)
        except RefusedAnswerError as refused:
            raise BlockRefusedError(_refusal(refused), str(refused)) from refused
        return _read(answer, shape=shape, doing=self._server.url)

    def close(self) -> None:
        """Close the connections."""
        self._server.close()


def _read(answer: Any, *, shape: tuple[int, int], doing: str) -> Table:
    table = answer.get("sources_to_targets") if isinstance(answer, Mapping) else None
    if not isinstance(table, Mapping):
        raise EngineFailedError(f"{doing}: the answer is no matrix of Valhalla", remedy=_CHECK_URL)
    if answer.get("units") not in ("kilometers", None):
        raise EngineFailedError(
            f"{doing}: distances in {answer['units']!r:.20}, kilometers expected",
            remedy=CHECK_ENGINE,
        )
    seconds = checked(table.get("durations"), shape=shape, doing=doing)
    km = checked(table.get("distances"), shape=shape, doing=doing)
    no_way = np.isinf(seconds) | np.isinf(km)
    return Table(np.where(no_way, np.inf, seconds / 60), np.where(no_way, np.inf, km))


def _locations(points: Points) -> list[dict[str, float]]:
    return [
        {"lon": lon, "lat": lat}
        for lon, lat in zip(points.lon_deg.tolist(), points.lat_deg.tolist(), strict=True)
    ]


def _refusal(refused: RefusedAnswerError) -> Refusal:
    if refused.status in {413, 414}:
        return Refusal.SIZE
    code = refused.content.get("error_code") if isinstance(refused.content, Mapping) else None
    return _REFUSALS.get(code, Refusal.OTHER) if isinstance(code, int) else Refusal.OTHER
