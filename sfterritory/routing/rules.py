"""The rule book as documents: what `mappings/routing.yaml` may say, and nothing else.

A condition is one document with optional keys rather than a union of shapes, so that the path of
a pydantic error is the path in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, PlainValidator, model_validator

from sfterritory.model.document import Document

MAX_CONDITION_DEPTH = 10  # deeper nesting is a mistake of a generator, and nobody can review it

LARGEST_NUMBER = 1e18  # Salesforce numbers have at most 18 digits

Value = str | int | float | bool


class Operator(StrEnum):
    """What a condition asks of one field, by the word that stands in the file."""

    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    NOT_IN = "not_in"
    IN_LIST = "in_list"
    STARTS_WITH = "starts_with"
    CONTAINS = "contains"
    AT_LEAST = "at_least"
    ABOVE = "above"
    AT_MOST = "at_most"
    BELOW = "below"
    BETWEEN = "between"
    BEFORE = "before"
    SINCE = "since"
    IS_EMPTY = "is_empty"


# Python keeps these words for itself, so the attribute has an underscore and the file does not.
_ATTRIBUTES = {
    operator: f"{operator}_" if operator in (Operator.IS, Operator.IN) else str(operator)
    for operator in Operator
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One question about one field; `operands` always holds what the operator was given."""

    field: str
    operator: Operator
    operands: tuple[Value, ...]


def _plain_value(found: object) -> Value:
    """Return a value that a field can be compared with; dates become ISO 8601 text."""
    if isinstance(found, datetime | date):
        return found.isoformat()
    if isinstance(found, str):
        if not found.strip():
            raise ValueError("empty text; write `is_empty: true` to ask for a missing value")
        return str(found)
    if isinstance(found, int | float) and not abs(found) < LARGEST_NUMBER:
        raise ValueError(f"{found} is not a number a field can hold")
    if isinstance(found, bool | int | float):
        return found
    raise ValueError(f"{found!r} is not a text, number, true or false")


def _moment(found: object) -> str:
    """Return an ISO 8601 day or instant as text."""
    text = str(_plain_value(found))
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a day like 2026-01-31") from error
    return text


def _wrapped(found: object) -> object:
    """Return a single text as a list of one."""
    return (found,) if isinstance(found, str) else found


AnyValue = Annotated[Any, PlainValidator(_plain_value, json_schema_input_type=Value)]
Moment = Annotated[str, PlainValidator(_moment, json_schema_input_type=str)]
Number = Annotated[
    float, Field(strict=True, allow_inf_nan=False, gt=-LARGEST_NUMBER, lt=LARGEST_NUMBER)
]
Text = Annotated[str, Field(strict=True, pattern=r"\S")]
Texts = Annotated[
    tuple[Text, ...],
    BeforeValidator(_wrapped, json_schema_input_type=str | tuple[str, ...]),
    Field(min_length=1),
]


class Condition(Document):
    """A question about one record, answered yes or no.

    Either one of `all`, `any`, `not`, `always`, or `field` with exactly one operator. Text is
    compared without regard to case and outer blanks. A missing value answers no to every operator
    but `is_empty`, also to `is_not` and `not_in`; `not` turns any answer round.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    all_of: tuple[Condition, ...] | None = Field(default=None, alias="all", min_length=1)
    any_of: tuple[Condition, ...] | None = Field(default=None, alias="any", min_length=1)
    negated: Condition | None = Field(default=None, alias="not")
    always: Literal[True] | None = Field(default=None, description="every record")

    field: str | None = Field(default=None, description="Salesforce name, or a derived one")
    is_: AnyValue | None = Field(default=None, alias="is")
    is_not: AnyValue | None = None
    in_: tuple[AnyValue, ...] | None = Field(default=None, alias="in", min_length=1)
    not_in: tuple[AnyValue, ...] | None = Field(default=None, min_length=1)
    in_list: Text | None = Field(default=None, description="file name of a list of values")
    starts_with: Texts | None = None
    contains: Texts | None = None
    at_least: Number | None = None
    above: Number | None = None
    at_most: Number | None = None
    below: Number | None = None
    between: tuple[Number, Number] | None = Field(default=None, description="both ends belong")
    before: Moment | None = Field(default=None, description="earlier than this day or instant")
    since: Moment | None = Field(default=None, description="on this day or instant, or later")
    is_empty: bool | None = Field(default=None, strict=True)

    @property
    def operators(self) -> tuple[Operator, ...]:
        """Return the operators that were given; a valid leaf has exactly one."""
        return tuple(word for word in Operator if getattr(self, _ATTRIBUTES[word]) is not None)

    @property
    def leaf(self) -> Leaf | None:
        """Return the question about one field, None for `all`, `any`, `not` and `always`."""
        if self.field is None:
            return None
        (operator,) = self.operators
        given = getattr(self, _ATTRIBUTES[operator])
        return Leaf(self.field, operator, given if isinstance(given, tuple) else (given,))

    @property
    def children(self) -> tuple[Condition, ...]:
        """Return the conditions right below this one."""
        return self.all_of or self.any_of or (() if self.negated is None else (self.negated,))

    @cached_property
    def fields(self) -> frozenset[str]:
        """Return the names of all fields that are asked for, here or below."""
        own = frozenset() if self.field is None else frozenset({self.field})
        return own.union(*(child.fields for child in self.children))

    @cached_property
    def depth(self) -> int:
        """Return how many levels the condition has; a leaf has one."""
        return 1 + max((child.depth for child in self.children), default=0)

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        shapes = {
            "all": self.all_of,
            "any": self.any_of,
            "not": self.negated,
            "always": self.always,
            "field": self.field,
        }
        given = [name for name, value in shapes.items() if value is not None]
        if len(given) != 1:
            raise ValueError(
                "a condition is one of all, any, not, always, or a field with an operator; "
                f"found {' and '.join(given) or 'none of them'}"
            )
        operators = self.operators
        if self.field is None and operators:
            raise ValueError(f"{operators[0]} belongs beside a field, not beside {given[0]}")
        if self.field is not None and len(operators) != 1:
            raise ValueError(
                f"{self.field} needs exactly one operator of {', '.join(Operator)}; "
                f"found {' and '.join(operators) or 'none'}"
            )
        if self.between is not None and self.between[0] > self.between[1]:
            raise ValueError(f"between {self.between[0]:g} and {self.between[1]:g} holds no number")
        if self.depth > MAX_CONDITION_DEPTH:
            raise ValueError(f"conditions are nested more than {MAX_CONDITION_DEPTH} levels deep")
        return self


class Destination(Document):
    """Where a record goes: exactly one of the keys.

    Attributes:
        user: Id (15 or 18 characters), username, or a name that only one user has.
        queue: Id, developer name, or a name that only one queue has.
        territory_owner: The owner of the territory the record lies in; passes where there is none.
        pool: Name of a pool, dealt in turn.
        keep_owner: Stays with today's owner.
    """

    user: Text | None = None
    queue: Text | None = None
    territory_owner: Literal[True] | None = None
    pool: Text | None = None
    keep_owner: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        names = tuple(type(self).model_fields)
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"a destination is exactly one of {', '.join(names)}; "
                f"found {' and '.join(given) or 'none'}"
            )
        return self


class Rule(Document):
    """Records that answer yes go to the destination, unless an earlier rule took them.

    Attributes:
        name: Shown in the plan and in `why`; unique among the rules of the object.
        note: Why the rule exists, for the people who review it.
    """

    name: str = Field(min_length=1, max_length=80)
    when: Condition
    to: Destination
    note: str = ""


class ObjectRules(Document):
    """The ownership model of one Salesforce object.

    Attributes:
        eligible: Records outside are left alone, and are counted as such; None takes in all.
        rules: First match wins.
        fallback: Takes every eligible record that no rule answered for.
    """

    eligible: Condition | None = None
    rules: tuple[Rule, ...] = ()
    fallback: Destination

    @property
    def fields(self) -> frozenset[str]:
        """Return the names of all fields that the rules ask for: what has to be pulled."""
        asked = frozenset[str]() if self.eligible is None else self.eligible.fields
        return asked.union(*(rule.when.fields for rule in self.rules))


class Pool(Document):
    """People who take turns: named one by one, or found by a condition on their user record."""

    members: tuple[Text, ...] | None = Field(default=None, min_length=1)
    where: Condition | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.members is None) == (self.where is None):
            raise ValueError("a pool has either members (a list of users) or where (a condition)")
        return self


class RuleBook(Document):
    """Everything that routing is told: the file as a whole."""

    version: Literal[1]
    pools: Mapping[str, Pool] = Field(default_factory=dict)
    objects: Mapping[str, ObjectRules] = Field(min_length=1)
