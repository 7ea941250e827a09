"""Instance files of location problems: `n p` files of capacitated p-median, and `TERR` files.

A p-median file holds `n p`, then n rows `x y capacity demand`; row i is customer i and candidate i.
A territory file holds `TERR n k lo hi churn`, then k rows `lon lat capacity_share` (homes), then n
rows `lon lat workload opportunity current locked`; -1 stands for nobody. Numbers stand apart by
blanks or tabs; blank lines count for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from sfterritory.errors import ConfigError
from sfterritory.model.columns import Flags, Floats, Ints

Metric = Literal["auto", "euclid", "floor"]

MAX_FILE_BYTES = 1_000_000_000
_MOST_PROBLEMS = 20
_LARGEST = 1e12  # of a number: squares of differences, and sums, stay exact enough to compare
_MOST_DIGITS = 12  # of a count; Python reads no integer of more than 4,300
_FORMATS = "`n p` with rows `x y capacity demand`, or `TERR n k lo hi churn` with reps and accounts"


@dataclass(frozen=True, slots=True)
class MedianFile:
    """A capacitated p-median instance; columns have shape (n,).

    Attributes:
        floored: Whether distances are rounded down to integers.
    """

    medians: int
    x: Floats
    y: Floats
    capacity: Floats
    demand: Floats
    floored: bool


@dataclass(frozen=True, slots=True)
class TerritoryFile:
    """Accounts (n) and reps (k); longitude first, degrees.

    Attributes:
        lo: Least load as a share of a rep's part of the workload.
        hi: Most load as such a share.
        churn_price_km: What it costs to move an hour of workload to another rep.
        rep_place: Longitude and latitude of the homes, shape (k, 2).
        capacity_share: Of each rep, any scale, shape (k,).
        place: Longitude and latitude of the accounts, shape (n, 2).
        workload: Hours, shape (n,).
        opportunity: Value, shape (n,).
        rep: Today's rep, -1 for nobody, shape (n,).
        lock: The rep who must keep the account, -1 where it is free, shape (n,).
    """

    lo: float
    hi: float
    churn_price_km: float
    rep_place: Floats
    capacity_share: Floats
    place: Floats
    workload: Floats
    opportunity: Floats
    rep: Ints
    lock: Ints


@dataclass(frozen=True, slots=True)
class _Lines:
    """The filled lines below the header, and the line numbers they have in the file."""

    name: str
    header: tuple[str, ...]
    header_line: int
    text: list[str]
    number: list[int]


def read_instance(path: Path, *, metric: Metric = "auto") -> MedianFile | TerritoryFile:
    """Read an instance file of either format.

    Args:
        path: The file.
        metric: How a p-median file measures; `auto` rounds down where the file's name begins with
            `cpmp`, as the literature does with those.

    Raises:
        ConfigError: Unreadable, or not of either format; each mistake with its line.
    """
    lines = _lines(path)
    if lines.header[0].upper() == "TERR":
        return _territory_file(lines)
    floored = path.name.lower().startswith("cpmp") if metric == "auto" else metric == "floor"
    return _median_file(lines, floored=floored)


def _lines(path: Path) -> _Lines:
    name = path.name
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(
                f"{name} is longer than {MAX_FILE_BYTES:,} bytes", remedy="give a smaller instance"
            )
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}", remedy="correct the path of the instance"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{name}: byte {error.start} is not text", remedy=f"give a text file: {_FORMATS}"
        ) from error
    every = text.split("\n")
    number = [line for line, content in enumerate(every, start=1) if content.strip()]
    if not number:
        raise ConfigError(f"{name} is empty", remedy=f"give an instance: {_FORMATS}")
    header = tuple(every[number[0] - 1].split())
    return _Lines(name, header, number[0], [every[line - 1] for line in number[1:]], number[1:])


def _median_file(lines: _Lines, *, floored: bool) -> MedianFile:
    n, p = _counts(lines, lines.header, names=("n", "p"))
    if p > n:
        _refuse(lines, [f"{lines.name}:{lines.header_line}: p is {p}, more than n, which is {n}"])
    _check_rows(lines, expected=n)
    table = _table(lines, slice(0, n), columns=("x", "y", "capacity", "demand"))
    _refuse(
        lines,
        [
            *_too_large(lines, table, ("x", "y", "capacity", "demand")),
            *_below_zero(lines, table, [(2, "capacity"), (3, "demand")], first=0),
            *_too_heavy(lines, table),
        ],
    )
    x, y, capacity, demand = (np.ascontiguousarray(column) for column in table.T)
    return MedianFile(p, x, y, capacity, demand, floored)


def _territory_file(lines: _Lines) -> TerritoryFile:
    if len(lines.header) != 6:
        _refuse(lines, [_wrong_header(lines)])
    n, k = _counts(lines, lines.header[1:3], names=("n", "k"))
    lo, hi, churn = _header_numbers(lines, lines.header[3:], names=("lo", "hi", "churn"))
    if not 0 <= lo <= hi or churn < 0:
        found = f"lo {lo:g}, hi {hi:g}, churn {churn:g}"
        where = f"{lines.name}:{lines.header_line}"
        _refuse(lines, [f"{where}: {found}; 0 <= lo <= hi and churn >= 0 are needed"])
    _check_rows(lines, expected=n + k)
    reps = _table(lines, slice(0, k), columns=("lon", "lat", "capacity_share"))
    names = ("lon", "lat", "workload", "opportunity", "current", "locked")
    accounts = _table(lines, slice(k, n + k), columns=names)
    problems = [
        *_off_the_earth(lines, reps, first=0),
        *_below_zero(lines, reps, [(2, "capacity_share")], first=0),
        *_off_the_earth(lines, accounts, first=k),
        *_below_zero(lines, accounts, [(2, "workload"), (3, "opportunity")], first=k),
        *_unknown_reps(lines, accounts, k=k),
    ]  # fmt: skip
    if not problems and reps[:, 2].sum() <= 0:
        problems = [f"{lines.name}: every capacity_share is 0; give one rep more than that"]
    _refuse(lines, problems)
    return TerritoryFile(
        lo=lo,
        hi=hi,
        churn_price_km=churn,
        rep_place=np.ascontiguousarray(reps[:, :2]),
        capacity_share=np.ascontiguousarray(reps[:, 2]),
        place=np.ascontiguousarray(accounts[:, :2]),
        workload=np.ascontiguousarray(accounts[:, 2]),
        opportunity=np.ascontiguousarray(accounts[:, 3]),
        rep=accounts[:, 4].astype(np.int32),
        lock=accounts[:, 5].astype(np.int32),
    )


def _counts(lines: _Lines, words: Sequence[str], *, names: tuple[str, str]) -> tuple[int, int]:
    if len(words) != 2 or not all(_is_count(word) for word in words):
        _refuse(lines, [_wrong_header(lines)])
    first, second = (int(word) for word in words)
    problems = [
        f"{lines.name}:{lines.header_line}: {name} is {value}; at least 1 is needed"
        for name, value in zip(names, (first, second), strict=True)
        if value < 1
    ]
    _refuse(lines, problems)
    return first, second


def _is_count(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= _MOST_DIGITS


def _wrong_header(lines: _Lines) -> str:
    found = " ".join(lines.header)[:60]
    return f"{lines.name}:{lines.header_line}: the first line is {found!r}, not {_FORMATS}"


def _header_numbers(
    lines: _Lines, words: Sequence[str], *, names: Sequence[str]
) -> tuple[float, ...]:
    problems, numbers = [], []
    for name, word in zip(names, words, strict=True):
        number = _number(word)
        if number is None:
            problems.append(f"{lines.name}:{lines.header_line}: {name} is {word!r}, no number")
        else:
            numbers.append(number)
    _refuse(lines, problems)
    return tuple(numbers)


def _number(word: str) -> float | None:
    try:
        number = float(word)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _check_rows(lines: _Lines, *, expected: int) -> None:
    found = len(lines.text)
    if found < expected:
        _refuse(
            lines, [f"{lines.name}: {found:,} rows below the first line, {expected:,} expected"]
        )
    if found > expected:
        line = lines.number[expected]
        _refuse(
            lines, [f"{lines.name}:{line}: {found:,} rows, and the first line says {expected:,}"]
        )


def _table(lines: _Lines, part: slice, *, columns: Sequence[str]) -> Floats:
    """Return the numbers of some rows, shape (rows, columns)."""
    text = lines.text[part]
    try:
        table = np.loadtxt(text, dtype=np.float64, ndmin=2, comments=None)
    except ValueError:
        table = np.zeros((0, 0))
    if table.shape != (len(text), len(columns)) or not np.isfinite(table).all():
        _refuse(lines, list(_row_problems(lines, part, columns)))
    return table


def _row_problems(lines: _Lines, part: slice, columns: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong with each row that is not made of so many finite numbers."""
    for number, text in zip(lines.number[part], lines.text[part], strict=True):
        words = text.split()
        where = f"{lines.name}:{number}"
        if len(words) != len(columns):
            yield f"{where}: {len(words)} values, not {len(columns)}: {' '.join(columns)}"
            continue
        for name, word in zip(columns, words, strict=True):
            if _number(word) is None:
                yield f"{where}: {name} is {word[:40]!r}, no finite number"


def _below_zero(
    lines: _Lines, table: Floats, names: Sequence[tuple[int, str]], *, first: int
) -> list[str]:
    found = []
    for column, name in names:
        value = table[:, column]
        words = [f"{name} is {one:g}, below 0" for one in value[value < 0].tolist()]
        found += _at(lines, value < 0, first, words)
    return found


def _too_large(lines: _Lines, table: Floats, names: Sequence[str]) -> list[str]:
    found = []
    for column, name in enumerate(names):
        wrong = np.abs(table[:, column]) > _LARGEST
        words = [
            f"{name} is {one:g}, beyond {_LARGEST:g}; give it in a larger unit"
            for one in table[wrong, column].tolist()
        ]
        found += _at(lines, wrong, 0, words)
    return found


def _too_heavy(lines: _Lines, table: Floats) -> list[str]:
    """Return the customers of a p-median file whose demand is above every capacity."""
    largest = float(table[:, 2].max())
    wrong = table[:, 3] > largest
    words = [
        f"demand is {demand:g}, and no capacity is above {largest:g}"
        for demand in table[wrong, 3].tolist()
    ]
    return _at(lines, wrong, 0, words)


def _off_the_earth(lines: _Lines, table: Floats, *, first: int) -> list[str]:
    wrong = (np.abs(table[:, 0]) > 180) | (np.abs(table[:, 1]) > 90)
    words = [
        f"longitude {lon:g}, latitude {lat:g} is no place on the Earth; longitude comes first"
        for lon, lat in table[wrong, :2].tolist()
    ]
    return _at(lines, wrong, first, words)


def _unknown_reps(lines: _Lines, accounts: Floats, *, k: int) -> list[str]:
    found = []
    for column, name in ((4, "current"), (5, "locked")):
        value = accounts[:, column]
        wrong = (value < -1) | (value >= k) | (value != np.floor(value))
        reps = f"reps are 0 to {k - 1}, -1 is nobody"
        words = [f"{name} is {one:g}; {reps}" for one in value[wrong].tolist()]
        found += _at(lines, wrong, k, words)
    return found


def _at(lines: _Lines, wrong: Flags, first: int, words: Sequence[str]) -> list[str]:
    """Return a message for each wrong row, with its line; rows count from line `first`."""
    rows = np.flatnonzero(wrong).tolist()
    return [
        f"{lines.name}:{lines.number[first + row]}: {text}"
        for row, text in zip(rows, words, strict=True)
    ]


def _refuse(lines: _Lines, problems: Sequence[str]) -> None:
    """Raise where there is a problem; a long list is cut, and says so."""
    if not problems:
        return
    shown = list(problems[:_MOST_PROBLEMS])
    if len(problems) > _MOST_PROBLEMS:
        shown.append(f"... and {len(problems) - _MOST_PROBLEMS:,} more")
    raise ConfigError("\n".join(shown), remedy=f"correct {lines.name}; it holds {_FORMATS}")
