"""Addresses in one spelling, with what was changed and what was refused, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Flags, Ints, TextColumn
from sfterritory.quality.cause import Cause, Field
from sfterritory.quality.reference import AddressReference
from sfterritory.quality.verdict import Verdict, judge, tidy_city

_Text = str | None


@dataclass(frozen=True, slots=True)
class AddressColumns:
    """Addresses as they were typed; all columns have the same length.

    The street is not among them: nothing here reads it.
    """

    city: TextColumn
    subdivision: TextColumn
    postal_code: TextColumn
    country: TextColumn

    def __len__(self) -> int:
        return len(self.city.codes)


@dataclass(frozen=True, slots=True)
class Changes:
    """Values that got another spelling, in ascending order of row.

    Attributes:
        rows: Rows of the addresses, shape (m,).
        field: Values of `Field`.
        before: As it was typed; missing where nothing was given.
        after: As it is now. A state code counts as changed only if neither the code (`US-CA`)
            nor its second half (`CA`) was typed.
    """

    rows: Ints
    field: TextColumn
    before: TextColumn
    after: TextColumn

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Rejects:
    """Values that were not accepted as they stand, in ascending order of row.

    Attributes:
        rows: Rows of the addresses, shape (m,).
        field: Values of `Field`.
        value: As it was typed; missing where the complaint is that nothing was given.
        cause: Values of `Cause`.
    """

    rows: Ints
    field: TextColumn
    value: TextColumn
    cause: TextColumn

    def __len__(self) -> int:
        return len(self.rows)

    def counts(self) -> dict[Cause, int]:
        """Return how many values each cause refused, the most frequent first."""
        counted = Counter(value for value in self.cause.values() if value is not None)
        ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
        return {Cause(value): count for value, count in ranked}


@dataclass(frozen=True, slots=True)
class NormalisedAddresses:
    """Addresses in one spelling; every column has one row per address.

    Attributes:
        country_code: ISO 3166-1 alpha-2.
        subdivision_code: ISO 3166-2 (`US-CA`); missing where the country has no list.
        postal_code: The country's spelling: `02134`, `K1A 0B1`, `K1A`. Where the country is
            not known the trimmed text is kept, for nothing speaks against it.
        city: Trimmed; in title case where it was all in capitals.
        postal_contradicts: The postal code lies in another subdivision; both are kept, and
            locating asks the city which of them to believe.
        changes: Each value that is spelled otherwise now.
        rejects: Each value that was refused.
    """

    country_code: TextColumn
    subdivision_code: TextColumn
    postal_code: TextColumn
    city: TextColumn
    postal_contradicts: Flags
    changes: Changes
    rejects: Rejects


def normalise_addresses(
    addresses: AddressColumns, reference: AddressReference
) -> NormalisedAddresses:
    """Bring addresses into one spelling, working once on each distinct combination of values.

    Normalising the result again changes nothing more. A missing country is filled in only if
    state and postal code agree on exactly one: of all, or of those that the other addresses lie
    in (`TN 38133` is Bartlett, Tennessee, and also Trento; where nobody is Italian, it is the
    former). A missing state is filled in only if the postal code lies in exactly one.
    """
    typed = [addresses.country, addresses.subdivision, addresses.postal_code]
    first, groups = _distinct([column.codes for column in typed])
    values = [TextColumn(column.codes[first], column.vocabulary).values() for column in typed]
    combinations = list(zip(*values, strict=True))
    verdicts = _verdicts(combinations, reference)
    cities = [tidy_city(text) for text in addresses.city.vocabulary]
    city_codes = addresses.city.codes
    city_values = TextColumn.of([*(city for city, _ in cities), None])
    return NormalisedAddresses(
        country_code=_spread([verdict.country for verdict in verdicts], groups),
        subdivision_code=_spread([verdict.subdivision for verdict in verdicts], groups),
        postal_code=_spread([verdict.postal_code for verdict in verdicts], groups),
        city=_compact(TextColumn(city_values.codes[city_codes], city_values.vocabulary)),
        postal_contradicts=np.array([v.contradicts for v in verdicts], dtype=np.bool_)[groups],
        changes=_changes(combinations, verdicts, groups, addresses.city, cities),
        rejects=_rejects(verdicts, groups, addresses.city, cities),
    )


def _verdicts(
    combinations: Sequence[tuple[_Text, _Text, _Text]], reference: AddressReference
) -> list[Verdict]:
    verdicts = [judge(*typed, reference=reference) for typed in combinations]
    # The second look only ever adds countries of this set: a third would find nothing more.
    among = frozenset(verdict.country for verdict in verdicts if verdict.country is not None)
    return [
        judge(*typed, reference=reference, among=among) if verdict.country is None else verdict
        for typed, verdict in zip(combinations, verdicts, strict=True)
    ]


_Entry = tuple[str, _Text, str]
"""(field, before, after) of a change; (field, value, cause) of a reject."""


def _changes(
    combinations: Sequence[tuple[_Text, _Text, _Text]],
    verdicts: Sequence[Verdict],
    groups: NDArray[np.intp],
    city: TextColumn,
    cities: Sequence[tuple[_Text, Cause | None]],
) -> Changes:
    entries = [
        [
            (field, before, after)
            for field, before, after in (
                (Field.COUNTRY, typed[0], verdict.country),
                (Field.SUBDIVISION, typed[1], verdict.subdivision),
                (Field.POSTAL_CODE, typed[2], verdict.postal_code),
            )
            if after is not None
            and before != after
            and not (field is Field.SUBDIVISION and before == after.partition("-")[2])
        ]
        for typed, verdict in zip(combinations, verdicts, strict=True)
    ]
    city_entries = [
        [(Field.CITY, before, after)] if after is not None and before != after else []
        for before, (after, _) in zip(city.vocabulary, cities, strict=True)
    ]
    rows, field, before, after = _entry_columns(entries, groups, city_entries, city.codes)
    return Changes(rows, field, before, after)


def _rejects(
    verdicts: Sequence[Verdict],
    groups: NDArray[np.intp],
    city: TextColumn,
    cities: Sequence[tuple[_Text, Cause | None]],
) -> Rejects:
    city_entries = [
        [] if cause is None else [(Field.CITY, typed, cause)]
        for typed, (_, cause) in zip(city.vocabulary, cities, strict=True)
    ]
    rows, field, value, cause = _entry_columns(
        [verdict.rejects for verdict in verdicts], groups, city_entries, city.codes
    )
    return Rejects(rows, field, value, cause)


def _entry_columns(
    entries: Sequence[Sequence[_Entry]],
    groups: NDArray[np.intp],
    city_entries: Sequence[Sequence[_Entry]],
    city_codes: Ints,
) -> tuple[Ints, TextColumn, TextColumn, TextColumn]:
    """Repeat the entries of each distinct combination for every row that has it."""
    # Code -1, a missing city, reads the last list, which has nothing to say.
    listed = [*entries, *city_entries, ()]
    counts = np.array([len(entry) for entry in listed], dtype=np.int64)
    starts = np.cumsum(counts) - counts
    count = len(groups)
    city_lists = np.where(city_codes < 0, len(listed) - 1, city_codes + len(entries))
    lists = np.concatenate([groups, city_lists])
    repeated = np.repeat(np.tile(np.arange(count), 2), counts[lists])
    ends = np.cumsum(counts[lists])
    offsets = np.arange(len(repeated)) - np.repeat(ends - counts[lists], counts[lists])
    chosen = np.repeat(starts[lists], counts[lists]) + offsets
    order = np.argsort(repeated, kind="stable")
    flat = [entry for entry_list in listed for entry in entry_list]
    columns = [
        _spread([entry[part] for entry in flat], chosen[order].astype(np.intp)) for part in range(3)
    ]
    return repeated[order].astype(np.int32), columns[0], columns[1], columns[2]


def _distinct(codes: Sequence[Ints]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return a row of each distinct combination, and each row's combination."""
    key = np.zeros(len(codes[0]), dtype=np.int64)
    for column in codes:
        key = key * (int(column.max(initial=0)) + 2) + (column + 1)
    _, first, groups = np.unique(key, return_index=True, return_inverse=True)
    return first, groups


def _spread(values: Sequence[_Text], groups: NDArray[np.intp]) -> TextColumn:
    column = TextColumn.of(values)
    return _compact(TextColumn(column.codes[groups], column.vocabulary))


def _compact(column: TextColumn) -> TextColumn:
    """Drop words that no row uses, so that equal content gives equal codes."""
    used = np.unique(column.codes[column.codes >= 0])
    if len(used) == len(column.vocabulary):
        return column
    renumbered = np.searchsorted(used, column.codes).astype(np.int32)
    renumbered[column.codes < 0] = -1
    return TextColumn(renumbered, tuple(column.vocabulary[code] for code in used.tolist()))
