"""A user's own travel times: a CSV of pairs, by coordinates or by record ids."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sfterritory.connectors.road.place import Keys, place_keys
from sfterritory.errors import ConfigError
from sfterritory.model.columns import Flags, Floats
from sfterritory.model.ids import to_18
from sfterritory.model.travel import Points

# A row takes up to 160 bytes and 13 millionths of a CPU second to read (measured with 2,000,000):
# 1.6 GB and two minutes for so many, which a machine of 8 GB bears beside a construction.
MOST_ROWS: Final = 10_000_000
MOST_PROBLEMS: Final = 20
UNREACHABLE: Final = "unreachable"
_BY_PLACE: Final = ("from_lon", "from_lat", "to_lon", "to_lat")
_BY_ID: Final = ("from_id", "to_id")
_COLUMNS: Final = f"{','.join(_BY_PLACE)},minutes[,km] or {','.join(_BY_ID)},minutes[,km]"
_LIMITS: Final = {"lon": 180.0, "lat": 90.0}

Place = tuple[float, float]
Ends = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class MatrixFile:
    """What a file says, one entry a pair of places, all of length n.

    Attributes:
        minutes: Infinite where the file says that there is no way.
        km: NaN where the file has none, infinite where there is no way.
        strangers: Rows left out because one of their ids is none of a located record.
    """

    name: str
    origins: Points
    destinations: Points
    minutes: Floats
    km: Floats
    strangers: int


@dataclass(slots=True)
class _Reading:
    """What has been read so far, and what was wrong with it.

    Rows are flat arrays: tuples would take ten times the memory.

    Attributes:
        number_of: A number for each id, in the order of the file.
        ids: Of each row its two ids by number, one after the other; only where it names records.
        id_lines: The line of each of these rows.
        rows: Of each row whose ends are known: both ends, minutes, km.
        lines: The line of each of these rows.
    """

    name: str
    places: Mapping[str, Place]
    problems: list[tuple[int, str]] = field(default_factory=list)
    mistakes: int = 0
    strangers: int = 0
    number_of: dict[str, int] = field(default_factory=dict)
    ids: array[int] = field(default_factory=lambda: array("q"))
    id_lines: array[int] = field(default_factory=lambda: array("q"))
    rows: array[float] = field(default_factory=lambda: array("d"))
    lines: array[int] = field(default_factory=lambda: array("q"))

    def wrong(self, line: int, words: str) -> None:
        self.mistakes += 1
        if self.mistakes <= MOST_PROBLEMS:
            self.problems.append((line, words))

    def told(self) -> list[str]:
        """Return what was wrong, by line; of many mistakes the first ones."""
        shown = sorted(self.problems, key=itemgetter(0))[:MOST_PROBLEMS]
        told = [f"{self.name}:{line}: {words}" for line, words in shown]
        unshown = self.mistakes - len(shown)
        return [*told, f"... and {unshown:,} more"] if unshown else told


def read_matrix_file(
    path: Path, *, name: str, places: Mapping[str, Place], most_rows: int = MOST_ROWS
) -> MatrixFile:
    """Read a CSV of travel times.

    Args:
        path: The file, UTF-8, with a line of headings.
        name: What messages call it.
        places: Longitude and latitude by 18-character id, for files that name records.
        most_rows: More are not read.

    Raises:
        ConfigError: Lists what is wrong with it, with lines; of many mistakes the first ones.
    """
    reading = _Reading(name, places)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            _read(csv.reader(file, strict=True), reading, most_rows=most_rows)
    except OSError as error:
        raise ConfigError(
            f"{name} cannot be read: {error.strerror}",
            remedy="correct the path or the permissions, or put it there",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name} is not UTF-8", remedy="save it as CSV UTF-8") from error
    table = np.frombuffer(reading.rows, dtype=np.float64).reshape(-1, 6)
    origins, destinations = Points(table[:, 0], table[:, 1]), Points(table[:, 2], table[:, 3])
    keys = place_keys(origins), place_keys(destinations)
    _refuse_repeats(reading, keys)
    if reading.mistakes:
        raise ConfigError(
            "\n".join(reading.told()), remedy=f"correct these lines; columns are {_COLUMNS}"
        )
    # Two records at one place may have two times between them: the shorter one holds.
    order = np.lexsort((table[:, 5], table[:, 4], keys[1], keys[0]))
    kept = order[_first_of_each(keys, order)]
    return MatrixFile(
        name,
        origins.taken(kept),
        destinations.taken(kept),
        table[kept, 4],
        table[kept, 5],
        reading.strangers,
    )


def _refuse_repeats(reading: _Reading, places: tuple[Keys, Keys]) -> None:
    """Take note of every line whose pair stands in an earlier one."""
    if reading.id_lines:
        ids = np.frombuffer(reading.ids, dtype=np.int64).reshape(-1, 2)
        keys, lines = (ids[:, 0], ids[:, 1]), np.frombuffer(reading.id_lines, dtype=np.int64)
    else:
        keys, lines = places, np.frombuffer(reading.lines, dtype=np.int64)
    order = np.lexsort((lines, keys[1], keys[0]))
    first = _first_of_each(keys, order)
    first_line = lines[order][np.flatnonzero(first)[np.cumsum(first) - 1]]
    again = np.flatnonzero(~first)
    repeats = sorted(zip(lines[order[again]].tolist(), first_line[again].tolist(), strict=True))
    reading.mistakes += len(repeats)
    reading.problems += [
        (line, f"the same pair as in line {before}") for line, before in repeats[:MOST_PROBLEMS]
    ]


def _first_of_each(keys: tuple[Keys, Keys], order: NDArray[np.intp]) -> Flags:
    """Return which of some ordered pairs are not the same as the one before."""
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (np.diff(keys[0][order]) != 0) | (np.diff(keys[1][order]) != 0)
    return first


def _read(rows: Iterator[list[str]], reading: _Reading, *, most_rows: int) -> None:
    line = 0
    try:
        headings = [one.strip().lower() for one in next(rows, [])]
        columns = _columns(headings, reading)
        if columns is None:
            return
        for line, cells in enumerate(rows, start=2):
            if line - 1 > most_rows:
                raise ConfigError(
                    f"{reading.name} has more than {most_rows:,} rows",
                    remedy="keep the drives between homes and the accounts near them, and between "
                    "near accounts: what is not in the file is estimated",
                )
            if any(map(str.strip, cells)):
                _take(cells, columns, reading, line=line)
    except csv.Error as error:
        reading.wrong(line + 1, f"no CSV: {error}")
        return
    if not reading.rows and not reading.mistakes and not reading.strangers:
        reading.wrong(1, "no row below the headings")


def _columns(headings: Sequence[str], reading: _Reading) -> dict[str, int] | None:
    """Return where each column stands; None where the headings are wrong."""
    ends = _BY_ID if set(_BY_ID) & set(headings) else _BY_PLACE
    known = (*ends, "minutes", "km")
    missing = [name for name in (*ends, "minutes") if name not in headings]
    strange = [name or "(empty)" for name in headings if name not in known]
    twice = sorted({name for name in headings if headings.count(name) > 1})
    found = ", ".join(headings)[:100] or "nothing"
    if missing:
        reading.wrong(1, f"column {', '.join(missing)} is missing; found {found}")
    elif strange:
        reading.wrong(1, f"column {', '.join(strange)[:100]} is none of {', '.join(known)}")
    elif twice:
        reading.wrong(1, f"column {', '.join(twice)} stands there twice")
    else:
        return {name: headings.index(name) for name in known if name in headings}
    return None


def _take(
    cells: Sequence[str], columns: Mapping[str, int], reading: _Reading, *, line: int
) -> None:
    if len(cells) != len(columns):
        reading.wrong(line, f"{len(cells)} values, {len(columns)} expected")
        return
    value = {name: cells[column].strip() for name, column in columns.items()}
    before = reading.mistakes
    ends = (
        _by_id(value, reading, line=line)
        if "from_id" in columns
        else _by_place(value, reading, line=line)
    )
    minutes = _amount(value, "minutes", reading, line=line)
    km = _amount(value, "km", reading, line=line) if value.get("km") else np.nan
    if reading.mistakes > before:
        return
    if ends is None:
        reading.strangers += 1
        return
    reading.rows.extend((*ends, minutes, np.inf if np.isinf(minutes) else km))
    reading.lines.append(line)


def _by_id(value: Mapping[str, str], reading: _Reading, *, line: int) -> Ends | None:
    """Return the places of both ids, None where one of them is not known."""
    ids = []
    for name in _BY_ID:
        try:
            ids.append(to_18(value[name]))
        except ValueError as error:
            reading.wrong(line, f"{name}: {error}")
    if len(ids) < len(_BY_ID):
        return None
    reading.ids.extend(reading.number_of.setdefault(one, len(reading.number_of)) for one in ids)
    reading.id_lines.append(line)
    start, end = (reading.places.get(one) for one in ids)
    return None if start is None or end is None else (*start, *end)


def _by_place(value: Mapping[str, str], reading: _Reading, *, line: int) -> Ends:
    a, b, c, d = (_degrees(value, name, reading, line=line) for name in _BY_PLACE)
    return a, b, c, d


def _degrees(value: Mapping[str, str], name: str, reading: _Reading, *, line: int) -> float:
    most = _LIMITS[name[-3:]]
    degrees = _number(value[name])
    if degrees is None or abs(degrees) > most:
        reading.wrong(
            line, f"{name} is {value[name]!r:.40}, not degrees from -{most:g} to {most:g}"
        )
        return 0.0
    return degrees


def _amount(value: Mapping[str, str], name: str, reading: _Reading, *, line: int) -> float:
    if value[name].lower() == UNREACHABLE:
        return np.inf
    amount = _number(value[name])
    if amount is None or amount < 0:
        reading.wrong(
            line, f"{name} is {value[name]!r:.40}, not a number from 0 up or {UNREACHABLE}"
        )
        return 0.0
    return amount


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None
