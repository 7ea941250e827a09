"""SOQL text to its syntax tree."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken

from sfterritory.sandbox.soql.refusal import SoqlError, malformed, too_complicated, unexpected
from sfterritory.sandbox.soql.tree import (
    All,
    AnyOf,
    Argument,
    Boolean,
    Call,
    Children,
    Compare,
    Condition,
    Day,
    Grouping,
    Includes,
    Item,
    Moment,
    Money,
    Not,
    Null,
    Number,
    Operand,
    Ordering,
    Path,
    Period,
    Query,
    Selected,
    SemiJoin,
    Source,
    Text,
    TypeOf,
    Value,
    Within,
    WithinQuery,
)

MAX_QUERY_CHARACTERS = 100_000
MAX_LITERAL_CHARACTERS = 4_000
MAX_NUMBER_DIGITS = 9
MAX_OFFSET = 2000
_MAX_CALL_DEPTH = 6
_PURPOSES = frozenset({"VIEW", "REFERENCE", "UPDATE"})
_ACCESS = frozenset({"SECURITY_ENFORCED", "USER_MODE", "SYSTEM_MODE"})


def parse(text: str) -> Query:
    """Return the syntax tree of a query.

    Raises:
        SoqlError: With the place; mostly MALFORMED_QUERY.
    """
    if len(text) > MAX_QUERY_CHARACTERS:
        raise malformed(f"SOQL statements cannot be longer than {MAX_QUERY_CHARACTERS} characters.")
    if any("\ud800" <= letter <= "\udfff" for letter in text):  # half a character
        raise malformed("SOQL statements must be valid Unicode text")
    try:
        query: Query = _parser().parse(text)  # type: ignore[assignment]  # the transformer's, no Tree
    except UnexpectedEOF as error:
        raise unexpected("<EOF>", len(text)).shown_in(text) from error
    except UnexpectedToken as error:
        found = "<EOF>" if error.token.type == "$END" else str(error.token)
        at = len(text) if found == "<EOF>" else (error.token.start_pos or 0)
        raise unexpected(found, at).shown_in(text) from error
    except UnexpectedCharacters as error:
        at = _offset(error)
        raise unexpected(text[at : at + 1], at).shown_in(text) from error
    except SoqlError as error:
        raise error.shown_in(text) from error
    return replace(query, text=text)


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


def _at(token: Token) -> int:
    return token.start_pos or 0


def _whole(token: Token, name: str) -> int:
    if not (token.isascii() and token.isdigit() and len(token) <= MAX_NUMBER_DIGITS):
        raise malformed(f"{name} must be a whole number, not '{token:.40}'", _at(token))
    return int(token)


def _word_of(token: Token, allowed: frozenset[str]) -> str:
    word = token.upper()
    if word not in allowed:
        raise unexpected(str(token), _at(token))
    return word


def _depth(argument: Argument) -> int:
    if not isinstance(argument, Call):
        return 0
    return 1 + max(map(_depth, argument.arguments), default=0)


@v_args(inline=True)
class _TreeBuilder(Transformer[Token, Any]):
    """Builds tree nodes while lark reduces; one method a rule of the grammar."""

    def path(self, *names: Token) -> Path:
        return Path(tuple(map(str, names)), _at(names[0]))

    def function(self, name: Token, *arguments: Argument | None) -> Call:
        given = tuple(one for one in arguments if one is not None)
        call = Call(str(name), given, _at(name))
        if _depth(call) > _MAX_CALL_DEPTH:
            raise too_complicated(_at(name))
        return call

    def plain_item(self, path: Path, alias: Token | None) -> Selected:
        return Selected(path, None if alias is None else str(alias))

    def function_item(self, call: Call, alias: Token | None) -> Selected:
        return Selected(call, None if alias is None else str(alias))

    def children(self, query: Query) -> Children:
        return Children(query)

    def typeof(self, relationship: Path, *rest: Any) -> TypeOf:
        *cases, otherwise = rest
        return TypeOf(relationship, tuple(cases), otherwise or ())

    def typeof_case(self, name: Token, paths: tuple[Path, ...]) -> tuple[str, tuple[Path, ...]]:
        return str(name), paths

    def path_list(self, *paths: Path) -> tuple[Path, ...]:
        return paths

    def select_list(self, *items: Item) -> tuple[Item, ...]:
        return items

    def from_list(self, *sources: Source) -> tuple[Source, ...]:
        return sources

    def from_item(self, path: Path, alias: str | None) -> Source:
        return Source(path, alias)

    def alias(self, name: Token) -> str:
        return str(name)

    def scope(self, name: Token) -> str:
        return str(name)

    def access(self, name: Token) -> str:
        return _word_of(name, _ACCESS)

    def string(self, token: Token) -> Text:
        raw = str(token)[1:-1]
        if len(raw) > MAX_LITERAL_CHARACTERS:
            raise malformed(
                f"string literals are limited to {MAX_LITERAL_CHARACTERS} characters", _at(token)
            )
        return Text(raw)

    def moment(self, token: Token) -> Moment:
        return Moment(str(token))

    def day(self, token: Token) -> Day:
        return Day(str(token))

    def number(self, token: Token) -> Number:
        return Number(str(token))

    def money(self, token: Token) -> Money:
        return Money(str(token))

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

    def includes(self, left: Operand, values: tuple[Value, ...]) -> Includes:
        return Includes(left, values, negated=False)

    def excludes(self, left: Operand, values: tuple[Value, ...]) -> Includes:
        return Includes(left, values, negated=True)

    def within_query(self, left: Operand, query: SemiJoin) -> WithinQuery:
        return WithinQuery(left, query, negated=False)

    def not_within_query(self, left: Operand, query: SemiJoin) -> WithinQuery:
        return WithinQuery(left, query, negated=True)

    def semi_join(
        self, field: Path, name: Token, alias: str | None, where: Condition | None
    ) -> SemiJoin:
        return SemiJoin(field, str(name), alias, where, _at(name))

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

    def operand_list(self, *operands: Operand) -> tuple[Operand, ...]:
        return operands

    def plain_group(self, operands: tuple[Operand, ...]) -> Grouping:
        return Grouping(operands)

    def rollup(self, operands: tuple[Operand, ...]) -> Grouping:
        return Grouping(operands, "rollup")

    def cube(self, operands: tuple[Operand, ...]) -> Grouping:
        return Grouping(operands, "cube")

    def group(self, grouping: Grouping) -> Grouping:
        return grouping

    def order(self, *items: Ordering) -> tuple[Ordering, ...]:
        return items

    def order_item(
        self, operand: Operand, direction: Token | None, nulls: Token | None
    ) -> Ordering:
        return Ordering(
            operand,
            descending=direction is not None and direction.lower() == "desc",
            nulls_last=None if nulls is None else nulls.lower() == "last",
        )

    def limit(self, count: Token) -> int:
        return _whole(count, "LIMIT")

    def offset(self, count: Token) -> int:
        offset = _whole(count, "OFFSET")
        if offset > MAX_OFFSET:
            reason = f"Maximum SOQL offset allowed is {MAX_OFFSET}"
            raise SoqlError("NUMBER_OUTSIDE_VALID_RANGE", reason, at=_at(count))
        return offset

    def purpose(self, name: Token) -> str:
        return _word_of(name, _PURPOSES)

    def purposes(self, *words: str) -> tuple[str, ...]:
        return words

    def all_rows(self, word: Token) -> None:
        # Apex knows it; over REST, queryAll is the way to deleted rows.
        raise malformed("ALL ROWS not allowed in this context", _at(word))

    def query(  # noqa: PLR0913, PLR0917 - one argument a clause of the grammar
        self,
        items: tuple[Item, ...],
        sources: tuple[Source, ...],
        scope: str | None,
        where: Condition | None,
        access: str | None,
        group_by: Grouping | None,
        having: Condition | None,
        order_by: tuple[Ordering, ...] | None,
        limit: int | None,
        offset: int | None,
        purposes: tuple[str, ...],
        _all_rows: None,
    ) -> Query:
        return Query(
            items=items,
            sources=sources,
            scope=scope,
            where=where,
            access=access,
            group_by=group_by,
            having=having,
            order_by=order_by or (),
            limit=limit,
            offset=offset or 0,
            purposes=purposes,
        )
