"""A user's own travel times as `TravelTime`; what the file does not say is estimated."""

from __future__ import annotations

import numpy as np

from sfterritory.connectors.road.cells import Cells, RowPair
from sfterritory.connectors.road.matrix_file import MatrixFile
from sfterritory.connectors.road.place import place_keys
from sfterritory.model.columns import Ints
from sfterritory.model.store.travel_cache import CachedLegs
from sfterritory.model.travel import Forecast, Legs, Points, Quality, TravelTime


class FileTravel:
    """A matrix file; directional, as the file is.

    Args:
        file: What the user supplied.
        fallback: Reckons pairs that the file does not hold.
        speed_factor: Speed compared with the file's.
    """

    def __init__(self, file: MatrixFile, *, fallback: TravelTime, speed_factor: float) -> None:
        self._legs_of_file = CachedLegs(
            place_keys(file.origins), place_keys(file.destinations), file.minutes, file.km
        )
        self._fallback = fallback
        self._speed_factor = speed_factor
        self.source = f"file {file.name}"
        self._strangers = file.strangers
        self._without_km = int(np.isnan(file.km).sum())
        self._missing = np.empty((0, 2), dtype=np.int64)

    @property
    def missing(self) -> int:
        """Return how many different pairs were asked for so far and are not in the file."""
        return len(self._missing)

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what a person should know of the file and the answers so far."""
        notes = []
        if self._strangers:
            notes.append(
                f"{self._strangers:,} rows of {self.source} name a record that is not located"
            )
        if self._without_km:
            notes.append(
                f"{self._without_km:,} drives of {self.source} have no km: those are estimated"
            )
        if self.missing:
            notes.append(f"{self.missing:,} drives are not in {self.source}: they are estimated")
        return tuple(notes)

    def matrix(self, origins: Points, destinations: Points) -> Legs:
        """Return every origin with every destination, shape (origins, destinations)."""
        rows, columns = np.indices((len(origins), len(destinations)), dtype=np.int32)
        return self._legs(origins, destinations, (rows, columns))

    def pairs(self, origins: Points, destinations: Points, *, rows: tuple[Ints, Ints]) -> Legs:
        """Return chosen pairs: row of the origin, row of the destination; shape of `rows[0]`."""
        return self._legs(origins, destinations, rows)

    def forecast(
        self, origins: Points, destinations: Points, *, rows: tuple[Ints, Ints] | None = None
    ) -> Forecast:
        """Return how many pairs the file knows."""
        asked = rows
        if asked is None:
            first, second = np.indices((len(origins), len(destinations)), dtype=np.int32)
            asked = (first, second)
        cells, _ = Cells.of(origins, destinations, asked)
        cells.fill(self._legs_of_file, quality=Quality.FILE)
        known = int((~cells.open).sum())
        return Forecast(legs=len(cells), known=known, requests=0, seconds=0.0, measured=False)

    def _legs(self, origins: Points, destinations: Points, rows: RowPair) -> Legs:
        cells, cell_of_leg = Cells.of(origins, destinations, rows)
        cells.fill(self._legs_of_file, quality=Quality.FILE)
        open_, no_km = cells.open, np.isnan(cells.km)
        if open_.any():
            asked = np.stack([cells.origin[open_], cells.destination[open_]], axis=1)
            self._missing = np.unique(np.concatenate([self._missing, asked]), axis=0)
        if no_km.any():
            every = np.arange(len(cells), dtype=np.int32)
            estimate = self._fallback.pairs(*cells.ends(), rows=(every, every))
            cells.minutes[open_] = estimate.minutes[open_]
            cells.km[no_km] = estimate.km[no_km]
        shape = np.shape(rows[0])
        quality = cells.quality[cell_of_leg].reshape(shape)
        estimated = int((quality == Quality.ESTIMATE).sum())
        words = [self.source, "estimate"] if estimated < quality.size else ["estimate"]
        if 2 * estimated > quality.size:
            words.reverse()
        return Legs(
            (cells.minutes / self._speed_factor)[cell_of_leg].reshape(shape),
            cells.km[cell_of_leg].reshape(shape),
            quality,
            " + ".join(words if estimated else [self.source]),
            (no_km & ~open_)[cell_of_leg].reshape(shape),
        )
