"""SOQL text to its syntax tree."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken, VisitError

from sfterritory.sandbox.soql.refusal import SoqlError, malformed, pointed
from sfterritory.sandbox.soql.tree import (
    All,
    AnyOf,
    Boolean,
    Call,
    Compare,
    Condition,
    Day,
    Moment,
    Not,
    Null,
    Number,
    Operand,
    Ordering,
    Path,
    Period,
    Query,
    SemiJoin,
    Text,
    Value,
    Within,
    WithinQuery,
)

MAX_QUERY_CHARACTERS = 100_000
MAX_LITERAL_CHARACTERS = 4_000
MAX_NUMBER_DIGITS = 9


def parse(text: str) -> Query:
    """Return the syntax tree of a query.

    Raises:
        SoqlError: MALFORMED_QUERY, with the place.
    """
    if len(text) > MAX_QUERY_CHARACTERS:
        raise malformed(f"SOQL statements cannot be longer than {MAX_QUERY_CHARACTERS} characters.")
    try:
        finish: Any = _parser().parse(text)
    except UnexpectedEOF as error:
        raise malformed("unexpected token: '<EOF>'") from error
    except UnexpectedToken as error:
        found = "<EOF>" if error.token.type == "$END" else str(error.token)
        at = len(text) if found == "<EOF>" else (error.token.start_pos or 0)
        raise malformed(pointed(text, at, f"unexpected token: '{found}'")) from error
    except UnexpectedCharacters as error:
        at = _offset(error)
        raise malformed(pointed(text, at, f"unexpected token: '{text[at : at + 1]}'")) from error
    except VisitError as error:
        if isinstance(error.orig_exc, SoqlError):
            raise error.orig_exc from error
        raise
    query: Query = finish(text)
    return query


def _offset(error: UnexpectedCharacters) -> int:
    offset: int = error.pos_in_stream  # type: ignore[assignment]  # declared None in the base class
    return offset


@cache
def _parser() -> Lark:
    grammar = files("sfterritory.sandbox.soql").joinpath("grammar.lark").read_text("utf-8")
    return Lark(
        grammar,
        parser="lalr",
        lexer="contextual",
        start="query",
        transformer=_TreeBuilder(),
        maybe_placeholders=True,
    )


def _whole(token: Token | None, name: str) -> int | None:
    if token is None:
        return None
    if not (token.isascii() and token.isdigit() and len(token) <= MAX_NUMBER_DIGITS):
        raise malformed(f"{name} must be a whole number, not '{token:.40}'")
    return int(token)


@v_args(inline=True)
class _TreeBuilder(Transformer[Token, Any]):
    """Builds tree nodes while lark reduces; one method a rule of the grammar."""

    def path(self, *names: Token) -> Path:
        return Path(tuple(map(str, names)), names[0].start_pos or 0)

    def function(self, name: Token, path: Path | None) -> Call:
        return Call(str(name), path, None, name.start_pos or 0)

    def plain_item(self, path: Path) -> Path:
        return path

    def function_item(self, call: Call, alias: Token | None) -> Call:
        return Call(call.name, call.path, None if alias is None else str(alias), call.at)

    def select_list(self, *items: Operand) -> tuple[Operand, ...]:
        return items

    def alias(self, name: Token) -> str:
        return str(name)

    def string(self, token: Token) -> Text:
        raw = str(token)[1:-1]
        if len(raw) > MAX_LITERAL_CHARACTERS:
            raise malformed(f"string literals are limited to {MAX_LITERAL_CHARACTERS} characters")
        return Text(raw)

    def moment(self, token: Token) -> Moment:
        return Moment(str(token))

    def day(self, token: Token) -> Day:
        return Day(str(token))

    def number(self, token: Token) -> Number:
        return Number(str(token))

    def word(self, token: Token) -> Value:
        word = token.lower()
        if word == "null":
            return Null()
        if word in {"true", "false"}:
            return Boolean(word == "true")
        return Period(token.upper(), None)

    def counted_word(self, name: Token, count: Token) -> Period:
        return Period(name.upper(), _whole(count, name))

    def value_list(self, *values: Value) -> tuple[Value, ...]:
        return values

    def compare(self, left: Operand, op: Token, value: Value) -> Compare:
        return Compare(left, "!=" if op == "<>" else str(op), value)

    def like(self, left: Operand, value: Value) -> Compare:
        return Compare(left, "LIKE", value)

    def within(self, left: Operand, values: tuple[Value, ...]) -> Within:
        return Within(left, values, negated=False)

    def not_within(self, left: Operand, values: tuple[Value, ...]) -> Within:
        return Within(left, values, negated=True)

    def within_query(self, left: Operand, query: SemiJoin) -> WithinQuery:
        return WithinQuery(left, query, negated=False)

    def not_within_query(self, left: Operand, query: SemiJoin) -> WithinQuery:
        return WithinQuery(left, query, negated=True)

    def semi_join(self, field: Path, name: Token, where: Condition | None) -> SemiJoin:
        return SemiJoin(field, str(name), name.start_pos or 0, where)

    def all_of(self, *conditions: Condition) -> All:
        return All(conditions)

    def any_of(self, *conditions: Condition) -> AnyOf:
        return AnyOf(conditions)

    def negated(self, condition: Condition) -> Not:
        return Not(condition)

    def where(self, condition: Condition) -> Condition:
        return condition

    def having(self, condition: Condition) -> Condition:
        return condition

    def group(self, *operands: Operand) -> tuple[Operand, ...]:
        return operands

    def order(self, *items: Ordering) -> tuple[Ordering, ...]:
        return items

    def order_item(
        self, operand: Operand, direction: Token | None, nulls: Token | None
    ) -> Ordering:
        return Ordering(
            operand,
            descending=direction is not None and direction.lower() == "desc",
            nulls_last=nulls is not None and nulls.lower() == "last",
        )

    def limit(self, count: Token) -> int | None:
        return _whole(count, "LIMIT")

    def offset(self, count: Token) -> int | None:
        return _whole(count, "OFFSET")

    def for_clause(self, purpose: Token) -> None:
        if purpose.upper() not in {"VIEW", "REFERENCE", "UPDATE"}:
            raise malformed(f"unexpected token: '{purpose}'")

    def query(  # noqa: PLR0913, PLR0917 - one argument a clause of the grammar
        self,
        items: tuple[Operand, ...],
        name: Token,
        alias: str | None,
        where: Condition | None,
        group: tuple[Operand, ...] | None,
        having: Condition | None,
        order: tuple[Ordering, ...] | None,
        limit: int | None,
        offset: int | None,
        _purpose: None,
    ) -> Any:
        def finished(text: str) -> Query:
            return Query(
                text=text,
                items=items,
                object_name=str(name),
                object_at=name.start_pos or 0,
                alias=alias,
                where=where,
                group_by=group or (),
                having=having,
                order_by=order or (),
                limit=limit,
                offset=offset or 0,
            )

        return finished
