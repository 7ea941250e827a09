"""What one leaf of a condition asks of a text, a number, an instant or a check box.

A question that does not fit the kind of value (`at_least` on a text) is answered no;
`validation.py` reports it before anything is routed.
"""

from __future__ import annotations

import math
import operator as py
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import numpy as np

from sfterritory.errors import ConfigError
from sfterritory.model.document import Scalar
from sfterritory.model.ids import looks_like_id, to_18
from sfterritory.routing.lexicon import fold
from sfterritory.routing.rules import Leaf, Operator, Value

Lists = Mapping[str, frozenset[str]]
# Takes one value and gives a bool, or an array and gives flags.
MagnitudeTest = Callable[[Any], Any]

MEMBERSHIP = frozenset(
    {Operator.IS, Operator.IS_NOT, Operator.IN, Operator.NOT_IN, Operator.IN_LIST}
)
_NEGATIVE = frozenset({Operator.IS_NOT, Operator.NOT_IN})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_COMPARISONS: Mapping[Operator, Callable[[Any, float], Any]] = {
    Operator.AT_LEAST: py.ge,
    Operator.ABOVE: py.gt,
    Operator.AT_MOST: py.le,
    Operator.BELOW: py.lt,
}


def settle(leaf: Leaf, *, known: Any, passed: Any) -> Any:
    """Return the leaf's answer, given which values are known and which pass its plain question.

    Works on one value and on arrays alike: a missing value answers no to all but `is_empty`.
    """
    if leaf.operator is Operator.IS_EMPTY:
        return known ^ bool(leaf.operands[0])
    if leaf.operator in _NEGATIVE:
        return known & (passed ^ True)
    return known & passed


def value_test(leaf: Leaf, lists: Lists) -> Callable[[Scalar], bool]:
    """Return the leaf's question about one value of any kind.

    Raises:
        ConfigError: The leaf names a list that does not exist.
    """
    of_text, of_number, of_flag = text_test(leaf, lists), number_test(leaf), flag_test(leaf)

    def answer(value: Scalar) -> bool:
        if isinstance(value, str):
            word = fold(value)
            return bool(settle(leaf, known=word != "", passed=of_text(word)))
        if isinstance(value, bool):
            return bool(settle(leaf, known=True, passed=of_flag(value)))
        number = math.nan if value is None else float(value)
        return bool(settle(leaf, known=not math.isnan(number), passed=of_number(number)))

    return answer


def text_test(leaf: Leaf, lists: Lists) -> Callable[[str], bool]:
    """Return the question about one known, folded text."""
    if leaf.operator in MEMBERSHIP:
        return words_asked_for(leaf, lists).__contains__
    texts = prefixes(leaf)
    if leaf.operator is Operator.STARTS_WITH:
        return lambda word: word.startswith(texts)
    if leaf.operator is Operator.CONTAINS:
        return lambda word: any(text in word for text in texts)
    in_time = time_test(leaf)

    def moment_test(word: str) -> bool:
        moment = milliseconds(word)
        return moment is not None and bool(in_time(moment))

    return moment_test


def prefixes(leaf: Leaf) -> tuple[str, ...]:
    """Return the folded texts that a `starts_with` or `contains` looks for."""
    return tuple(fold(text) for text in leaf.operands if isinstance(text, str))


def words_asked_for(leaf: Leaf, lists: Lists) -> frozenset[str]:
    """Return the folded words that an equality or a list accepts; 15-character ids both ways."""
    given: Iterable[Value] = leaf.operands
    if leaf.operator is Operator.IN_LIST:
        given = _named_list(str(leaf.operands[0]), lists)
    words = [word.strip() for word in given if isinstance(word, str)]
    # Records hold 18 characters; a list exported from a report holds 15.
    ids = [to_18(word) for word in words if len(word) == 15 and looks_like_id(word)]
    return frozenset(fold(word) for word in [*words, *ids])


def number_test(leaf: Leaf) -> MagnitudeTest:
    """Return the question about numbers; NaN is for `settle` to answer."""
    numbers = [float(value) for value in leaf.operands if _is_number(value)]
    if leaf.operator in MEMBERSHIP:
        return _one_of(numbers)
    compare = _COMPARISONS.get(leaf.operator)
    if compare is not None:
        return lambda number: compare(number, numbers[0])
    if leaf.operator is Operator.BETWEEN:
        return lambda number: (number >= numbers[0]) & (number <= numbers[1])
    return _never


def time_test(leaf: Leaf) -> MagnitudeTest:
    """Return the question about instants, given as UTC milliseconds since 1970."""
    if leaf.operator not in (Operator.BEFORE, Operator.SINCE):
        return _never
    limit = milliseconds(str(leaf.operands[0]))
    if limit is None:
        raise ValueError(f"{leaf.operands[0]!r} is not a day or an instant")
    if leaf.operator is Operator.BEFORE:
        return lambda moment: moment < limit
    return lambda moment: moment >= limit


def flag_test(leaf: Leaf) -> MagnitudeTest:
    """Return the question about check boxes."""
    if leaf.operator not in MEMBERSHIP:
        return _never
    return _one_of([value for value in leaf.operands if isinstance(value, bool)])


def milliseconds(text: str) -> int | None:
    """Return an ISO 8601 day or instant as UTC milliseconds since 1970, None if it is neither.

    A day is its midnight in UTC. Case does not matter, because folded text has none.
    """
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND


def _one_of(accepted: list[float] | list[bool]) -> MagnitudeTest:
    return lambda found: reduce(py.or_, (found == value for value in accepted), _never(found))


def _never(found: Any) -> Any:
    return np.zeros(np.shape(found), np.bool_)


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _named_list(name: str, lists: Lists) -> frozenset[str]:
    try:
        return lists[name]
    except KeyError as error:
        raise ConfigError(
            f"a routing rule asks for the list {name!r}, which does not exist",
            remedy=f"put the list beside routing.yaml; known: {', '.join(sorted(lists)) or 'none'}",
        ) from error
