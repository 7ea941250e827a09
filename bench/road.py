"""Road engines beside the estimate: time for a matrix, and how far the estimate is off.

`python -m bench.road [AREA ...]`: needs `make road` and ../shared/data/osm. Places are uniformly
drawn and moved to the nearest street; every ordered pair of them counts. The engine is asked
through the product's own adapter, so times are those that a user gets. Valhalla is asked for 100
places, and its time for 1000 is that a hundred times.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Literal

import numpy as np

from bench.measure import markdown
from bench.road_engines import AbsentError, box_of, graphs_of, running_osrm, running_valhalla
from sfterritory.connectors import http
from sfterritory.connectors.road.params import TravelParams
from sfterritory.connectors.road.place import wire_coordinates
from sfterritory.geography.travel.band import BAND_FROM_KM, band_name, band_of
from sfterritory.geography.travel.calibration import MeasuredLegs, calibrated, measured_error
from sfterritory.geography.travel.estimate import EstimatedTravel, crow_km
from sfterritory.model.columns import Floats
from sfterritory.model.travel import Legs, Points, Quality
from sfterritory.pipeline.travel import OpenTravel, travel_time

AREAS = ("rhein-neckar", "malta", "liechtenstein", "heidelberg")
DRAWN, PLACES = 5_000, 1_000
VALHALLA_PLACES = 100
NOW = datetime(2026, 1, 1, tzinfo=UTC)
Row = tuple[str | int | float, ...]


def main() -> int:
    """Print a table of times and one of errors by band."""
    parser = argparse.ArgumentParser(prog="python -m bench.road", description=__doc__)
    parser.add_argument("areas", nargs="*", default=AREAS)
    options = parser.parse_args()
    times: list[Row] = []
    errors: list[Row] = []
    try:
        for area in options.areas:
            measure(area, times, errors)
            print(f"{area} is done", file=sys.stderr, flush=True)
    except AbsentError as absent:
        print(absent, file=sys.stderr)
        return 1
    head = ("area", "engine", "places", "requests", "wall s", "s for 1000 x 1000", "unreachable %")
    print(markdown(head, times))
    print()
    head = ("area", "engine", "km by air", "legs", "mean error %", "p90 %", "median error %")
    print(markdown((*head, "real/estimate", "road/air"), errors))
    return 0


def measure(area: str, times: list[Row], errors: list[Row]) -> None:
    """Measure one area; places are the same for every engine."""
    graphs = graphs_of(area)
    with running_osrm(graphs) as url:
        places = on_streets(url, drawn(area))
        for block_places in (100, PLACES):
            with opened("osrm", url, block_places=block_places) as travel:
                legs, row = timed(f"osrm, {block_places} a request", travel, places)
            times.append((area, *row))
        errors.extend((area, "osrm", *row) for row in error_rows(legs, places))
    started = perf_counter()
    EstimatedTravel().matrix(places, places)
    seconds = round(perf_counter() - started, 3)
    times.append((area, "estimate", PLACES, 0, seconds, seconds, 0))
    few = places.taken(np.arange(VALHALLA_PLACES))
    with running_valhalla(graphs) as url, opened("valhalla", url) as travel:
        legs, row = timed("valhalla, 50 x 50 a request", travel, few)
    times.append((area, *row))
    errors.extend((area, "valhalla", *row) for row in error_rows(legs, few))


@contextmanager
def opened(
    provider: Literal["osrm", "valhalla"], url: str, *, block_places: int | None = None
) -> Iterator[OpenTravel]:
    """Open an engine as a user would, without a cache."""
    params = TravelParams(provider=provider, url=url, block_places=block_places, cache=None)
    with travel_time(params, root=Path(), now=NOW) as travel:
        yield travel


def drawn(area: str) -> Points:
    """Return places drawn uniformly over an area, the same every time."""
    west, south, east, north = box_of(area)
    share = np.random.default_rng(7).random((DRAWN, 2))
    return Points(west + share[:, 0] * (east - west), south + share[:, 1] * (north - south))


def on_streets(url: str, points: Points) -> Points:
    """Return different nearest points of streets, as OSRM knows them."""
    coordinates = list(zip(points.lon_deg.tolist(), points.lat_deg.tolist(), strict=True))
    with http.open_client(url) as client:
        found = []
        for start in range(0, DRAWN, PLACES):
            part = ";".join(wire_coordinates(coordinates[start : start + PLACES]))
            answer = client.get(f"/table/v1/driving/{part}?destinations=0").raise_for_status()
            found += [one["location"] for one in answer.json()["sources"]]
    moved = np.random.default_rng(8).permutation(np.unique(found, axis=0))[:PLACES]
    return Points(moved[:, 0], moved[:, 1])


def timed(name: str, travel: OpenTravel, places: Points) -> tuple[Legs, Row]:
    """Ask for every place with every other; return the answer and a row of the table."""
    forecast = travel.forecast(places, places)
    started = perf_counter()
    legs = travel.matrix(places, places)
    seconds = perf_counter() - started
    assert (legs.quality != Quality.ESTIMATE).all(), travel.notes
    whole = seconds * (PLACES / len(places)) ** 2
    lost = 100 * float(np.isinf(legs.minutes).mean())
    return legs, (
        name,
        len(places),
        forecast.requests,
        round(seconds, 2),
        round(whole, 2),
        round(lost, 2),
    )


def error_rows(legs: Legs, places: Points) -> Iterator[Row]:
    """Yield the error of the estimate in each band that the area has enough legs in."""
    rows, columns = np.nonzero(~np.eye(len(places), dtype=np.bool_))
    origins, destinations = places.taken(rows), places.taken(columns)
    measured = MeasuredLegs(origins, destinations, legs.minutes[rows, columns])
    distance_km = crow_km(origins, destinations)
    band, ratio = band_of(distance_km), _road_ratio(legs.km[rows, columns], distance_km)
    factor = {one.from_km: one for one in calibrated(measured)}
    for one in measured_error(measured):
        number = BAND_FROM_KM.index(one.from_km)
        if factor[one.from_km].legs < 100:
            continue
        yield (
            band_name(number),
            factor[one.from_km].legs,
            round(100 * one.mean_share, 1),
            round(100 * one.p90_share, 1),
            round(100 * one.bias_share, 1),
            round(factor[one.from_km].factor, 3),
            round(float(np.nanmedian(ratio[band == number])), 3),
        )


def _road_ratio(km: Floats, distance_km: Floats) -> Floats:
    known = np.isfinite(km) & (distance_km >= 0.05)
    return np.where(known, km, np.nan) / np.where(known, distance_km, 1.0)


if __name__ == "__main__":
    raise SystemExit(main())
