"""Conditions, compiled twice: to masks over columns, and to closures over one record.

Both answer alike for every condition and record (a property test holds them to it). A text
predicate is asked once of each word of the vocabulary, never row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sfterritory.errors import ConfigError
from sfterritory.model.columns import (
    Column,
    Flags,
    Ints,
    NumberColumn,
    RecordColumns,
    TextColumn,
    TimeColumn,
)
from sfterritory.model.document import Scalar
from sfterritory.routing.leaf import (
    MEMBERSHIP,
    Lists,
    flag_test,
    number_test,
    prefixes,
    settle,
    text_test,
    time_test,
    value_test,
    words_asked_for,
)
from sfterritory.routing.lexicon import Lexicon
from sfterritory.routing.rules import Condition, Leaf, Operator

ID_FIELD = "Id"

Record = Mapping[str, Scalar]
Rows = NDArray[np.intp]


def compile_mask(condition: Condition, columns: RecordColumns, *, lists: Lists) -> Flags:
    """Return for every record whether the condition holds, shape (n,).

    Raises:
        ConfigError: A field was not pulled, or a list does not exist.
    """
    return Matcher(columns, lists).match(condition, np.arange(len(columns)))


def compile_predicate(condition: Condition, *, lists: Lists) -> Callable[[Record], bool]:
    """Return a function that answers for one record, given as field values by name.

    Instants are ISO 8601 text, as Salesforce's REST API gives them.

    Raises:
        ConfigError: A list does not exist; or, when called, the record lacks a field.
    """
    leaf = condition.leaf
    if leaf is not None:
        return _leaf_predicate(leaf, lists)
    if condition.always:
        return lambda _record: True
    parts = [compile_predicate(child, lists=lists) for child in condition.children]
    if condition.all_of:
        return lambda record: all(part(record) for part in parts)
    if condition.any_of:
        return lambda record: any(part(record) for part in parts)
    return lambda record: not parts[0](record)


@dataclass(frozen=True, slots=True)
class Matcher:
    """Answers conditions for any subset of the rows of one set of records.

    It keeps the lexicon of each text column it was asked about, so 200 rules fold a column once.
    """

    records: RecordColumns
    lists: Lists
    _lexicons: dict[str, Lexicon] = field(default_factory=dict)

    def match(self, condition: Condition, rows: Rows) -> Flags:
        """Return for each of the given rows whether the condition holds, shape of `rows`."""
        leaf = condition.leaf
        if leaf is not None:
            return self._match_leaf(leaf, rows)
        if condition.always:
            return np.ones(len(rows), np.bool_)
        if condition.negated is not None:
            return ~self.match(condition.negated, rows)
        flags = self.match(condition.children[0], rows)
        for child in condition.children[1:]:
            # Only rows that are still undecided are asked the next question.
            undecided = np.flatnonzero(flags if condition.all_of else ~flags)
            if not undecided.size:
                break
            flags[undecided] = self.match(child, rows[undecided])
        return flags

    def _match_leaf(self, leaf: Leaf, rows: Rows) -> Flags:
        column = self._column(leaf.field)
        passed: Flags
        if isinstance(column, TextColumn):
            passed = self._passing_codes(leaf, column)[column.codes[rows]]
        elif isinstance(column, NumberColumn):
            numbers = column.values[rows]
            passed = settle(leaf, known=~np.isnan(numbers), passed=number_test(leaf)(numbers))
        elif isinstance(column, TimeColumn):
            times = column.values[rows].astype("datetime64[ms]")
            moments = times.astype(np.int64)
            passed = settle(leaf, known=~np.isnat(times), passed=time_test(leaf)(moments))
        else:
            known = np.ones(len(rows), np.bool_)
            passed = settle(leaf, known=known, passed=flag_test(leaf)(column.values[rows]))
        return passed

    def _column(self, name: str) -> Column:
        if name == ID_FIELD and name not in self.records.fields:
            # Ids are unique: row k is word k of the vocabulary.
            codes: Ints = np.arange(len(self.records), dtype=np.int32)
            return TextColumn(codes, tuple(self.records.ids.tolist()))
        try:
            return self.records.fields[name]
        except KeyError as error:
            raise _unknown_field(name, f"the {self.records.object_name} records") from error

    def _passing_codes(self, leaf: Leaf, column: TextColumn) -> Flags:
        """Return whether each code passes, shape (vocabulary + 1,); the last is code -1."""
        lexicon = self._lexicons.get(leaf.field)
        if lexicon is None:
            lexicon = self._lexicons[leaf.field] = Lexicon.of(column.vocabulary)
        known = np.ones(len(column.vocabulary) + 1, np.bool_)
        known[-1] = False
        known[lexicon.blank()] = False
        passed = np.zeros_like(known)
        for codes in _codes_asked_for(leaf, lexicon, self.lists):
            passed[codes] = True
        answers: Flags = settle(leaf, known=known, passed=passed)
        return answers


def _codes_asked_for(leaf: Leaf, lexicon: Lexicon, lists: Lists) -> list[Ints]:
    if leaf.operator in MEMBERSHIP:
        return [lexicon.equal(word) for word in sorted(words_asked_for(leaf, lists))]
    if leaf.operator is Operator.STARTS_WITH:
        return [lexicon.starting(prefix) for prefix in prefixes(leaf)]
    if leaf.operator in (Operator.CONTAINS, Operator.BEFORE, Operator.SINCE):
        return [lexicon.passing(text_test(leaf, lists))]
    return []


def _leaf_predicate(leaf: Leaf, lists: Lists) -> Callable[[Record], bool]:
    test = value_test(leaf, lists)

    def predicate(record: Record) -> bool:
        try:
            value = record[leaf.field]
        except KeyError as error:
            raise _unknown_field(leaf.field, "the record") from error
        return test(value)

    return predicate


def _unknown_field(name: str, holder: str) -> ConfigError:
    return ConfigError(
        f"a routing rule asks for {name}, which {holder} at hand does not have",
        remedy=f"add {name} to the fields that are pulled, or correct the rule",
    )
