"""Sets of areas: which area claims each account, which none does, and which two do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sfterritory.geography.containment import NO_AREA, areas_around
from sfterritory.geography.leg import Shapes
from sfterritory.model.columns import Flags, Ints, TextColumn
from sfterritory.model.travel import Points

_NO_SIGNS = str.maketrans("", "", " -")
_PATTERN = re.compile(
    r"(?:(?P<country>[A-Z]{2}):)?(?P<low>[^*.]+)(?:(?P<star>\*)|\.\.(?P<high>[^*.]+))?"
)


@dataclass(frozen=True, slots=True)
class Claims:
    """Which areas claim each place.

    Attributes:
        names: Of the areas.
        first: The first area that claims a place, -1 where none does (a gap), shape (n,).
        second: The next one that does (an overlap), -1 where there is none.
        known: The place has what the set goes by: a code, a postal code, a coordinate.
        unused: What areas name and no place has.
    """

    names: tuple[str, ...]
    first: Ints
    second: Ints
    known: Flags
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PostalPattern:
    """Postal codes of a country: one, those of a prefix, or those from one to another.

    Codes are compared without blanks and hyphens, by as many characters as the bounds have.
    """

    text: str
    country: str
    low: str
    high: str
    whole: bool

    @classmethod
    def of(cls, text: str, *, country: str) -> PostalPattern:
        """Read `90210`, `902*`, `900..961`, `DE:69*`.

        Raises:
            ValueError: It is none of these, or a range whose ends do not fit.
        """
        found = _PATTERN.fullmatch(text.strip().upper())
        if found is None:
            raise ValueError(
                f"{text!r} is no pattern of postal codes; write 90210, 902*, 900..961 or DE:69*"
            )
        low = found["low"].translate(_NO_SIGNS)
        high = (found["high"] or found["low"]).translate(_NO_SIGNS)
        if len(low) != len(high) or low > high or not (low + high).isalnum():
            raise ValueError(f"{text!r} is no range: both ends as long, the lower one first")
        whole = found["star"] is None and found["high"] is None
        return cls(text, found["country"] or country, low, high, whole)

    def holds(self, country: str, folded: str) -> bool:
        """Tell whether a postal code without blanks and hyphens belongs to it."""
        if country != self.country or (self.whole and len(folded) != len(self.low)):
            return False
        return len(folded) >= len(self.low) and self.low <= folded[: len(self.low)] <= self.high


def claims_by_code(codes: TextColumn, areas: Mapping[str, Sequence[str]]) -> Claims:
    """Return the area of each code; without areas every code is an area of its own."""
    if not areas:
        nothing = np.full(len(codes.codes), NO_AREA, dtype=np.int32)
        return Claims(codes.vocabulary, codes.codes.astype(np.int32), nothing, codes.codes >= 0)
    wanted = {name: {one.strip().casefold() for one in members} for name, members in areas.items()}
    claims = _claims(codes, tuple(areas), lambda area, code: code.casefold() in wanted[area])
    present = {code.casefold() for code in codes.vocabulary}
    unused = [one for members in areas.values() for one in members if one.casefold() not in present]
    return Claims(claims.names, claims.first, claims.second, claims.known, tuple(unused))


def claims_by_postal_code(
    countries: TextColumn, postal_codes: TextColumn, areas: Mapping[str, Sequence[PostalPattern]]
) -> Claims:
    """Return the area of each postal code by the patterns that areas consist of."""
    both = joined(countries, postal_codes)
    pairs = {text: _folded_pair(text) for text in both.vocabulary}
    claims = _claims(
        both,
        tuple(areas),
        lambda area, text: any(pattern.holds(*pairs[text]) for pattern in areas[area]),
    )
    unused = tuple(
        pattern.text
        for patterns in areas.values()
        for pattern in patterns
        if not any(pattern.holds(*pair) for pair in pairs.values())
    )
    return Claims(claims.names, claims.first, claims.second, claims.known, unused)


def postal_areas(
    countries: TextColumn, postal_codes: TextColumn, *, prefix_length: int | None
) -> TextColumn:
    """Return `US-902` for each place: country and the beginning of its postal code, or all."""
    both = joined(countries, postal_codes)
    named = [
        f"{country}-{folded[:prefix_length]}"
        for country, folded in map(_folded_pair, both.vocabulary)
    ]
    return relabelled(both, named)


def claims_by_polygon(
    points: Points, located: Flags, areas: Shapes, *, names: tuple[str, ...]
) -> Claims:
    """Return the areas that located places lie in; on an outline, all that it bounds."""
    rows = np.flatnonzero(located)
    place, area = areas_around(areas, points.taken(rows))
    first = np.full(len(located), NO_AREA, dtype=np.int32)
    second = first.copy()
    rank = np.arange(len(place)) - np.searchsorted(place, place)
    first[rows[place[rank == 0]]] = area[rank == 0]
    second[rows[place[rank == 1]]] = area[rank == 1]
    used = set(area.tolist())
    unused = tuple(name for number, name in enumerate(names) if number not in used)
    return Claims(names, first, second, located.copy(), unused)


def joined(left: TextColumn, right: TextColumn) -> TextColumn:
    """Return both texts with a line break between, missing where either is."""
    key = left.codes.astype(np.int64) * (len(right.vocabulary) + 1) + right.codes
    known = (left.codes >= 0) & (right.codes >= 0)
    _, first, inverse = np.unique(np.where(known, key, -1), return_index=True, return_inverse=True)
    texts = [
        f"{left.value(row)}\n{right.value(row)}" if known[row] else None for row in first.tolist()
    ]
    column = TextColumn.of(texts)
    return TextColumn(column.codes[inverse.reshape(-1)], column.vocabulary)


def relabelled(column: TextColumn, texts: Sequence[str | None]) -> TextColumn:
    """Return a column in which each text of the vocabulary has become another."""
    made = TextColumn.of([*texts, None])
    return TextColumn(made.codes[column.codes], made.vocabulary)


def _folded_pair(text: str) -> tuple[str, str]:
    country, _, code = text.partition("\n")
    return country, code.upper().translate(_NO_SIGNS)


def _claims(
    codes: TextColumn, names: tuple[str, ...], claimed: Callable[[str, str], bool]
) -> Claims:
    """Ask every area for every text once, and hand the answers to the rows."""
    first = np.full(len(codes.vocabulary) + 1, NO_AREA, dtype=np.int32)
    second = first.copy()
    for at, text in enumerate(codes.vocabulary):
        found = [number for number, name in enumerate(names) if claimed(name, text)]
        if found:
            first[at] = found[0]
        if len(found) > 1:
            second[at] = found[1]
    return Claims(names, first[codes.codes], second[codes.codes], codes.codes >= 0)
