"""Explain one routing result: what was asked, what answered, who was next, what would change it.

It asks the same questions as the engine, one record at a time; a property test holds the two
to the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from sfterritory.errors import ConfigError
from sfterritory.model.document import Document, Scalar
from sfterritory.routing.conditions import ID_FIELD, Record, compile_predicate
from sfterritory.routing.engine import OWNER_FIELD
from sfterritory.routing.leaf import Lists
from sfterritory.routing.pools import PoolState
from sfterritory.routing.rules import Condition, Rule
from sfterritory.routing.sentence import describe, describe_opposite, field_words
from sfterritory.routing.table import FALLBACK, NOT_ELIGIBLE, DestinationKind, RoutingTable

NO_TERRITORY = "no territory"
NO_OWNER = "no owner to keep"


class PassedRule(Document):
    """An earlier rule that did not take the record.

    Attributes:
        cause: The first condition that failed, or why a rule that matched had no answer.
        found: What the record holds in the fields of that condition.
    """

    rule: str
    sentence: str
    cause: str
    found: str = ""


class NextInLine(Document):
    """Who would have got the record, and what would have to change for that."""

    rule: str
    rule_index: int
    sentence: str
    owner_id: str
    change: str


class RouteExplanation(Document):
    """Everything there is to say about one record's owner.

    Attributes:
        rule_index: Number of the rule that answered, -2 the fallback, -1 not eligible.
        owner_id: Who should own the record; empty where it is left alone.
        destination: Name of the `DestinationKind`, in lower case.
        passed: Earlier rules, in order.
        runner_up: The next rule with an answer; None after the fallback and where left alone.
        inputs: Every field that the rules ask about, with the record's value.
    """

    record_id: str
    rule: str
    rule_index: int
    sentence: str
    owner_id: str
    destination: str
    passed: tuple[PassedRule, ...]
    runner_up: NextInLine | None
    inputs: dict[str, Scalar]


def explain(
    record: Record, table: RoutingTable, *, territory_owner: str, pools: PoolState
) -> RouteExplanation:
    """Return why the record goes where it goes.

    A pool's turn is told as if this record were the first of the run.

    Args:
        record: Field values by name, `Id` included; instants as ISO 8601 text.
        table: The object's rules with every destination looked up.
        territory_owner: Owner of the record's territory, empty where it lies in none.
        pools: The stored pointers before the run.

    Raises:
        ConfigError: A rule asks for a field that the record does not have.
    """
    eligible = table.rules.eligible
    left_alone = eligible is not None and not _holds(eligible, record, table.lists)
    if eligible is not None and left_alone:
        passed = [_failed("not eligible", table.sentence(NOT_ELIGIBLE), eligible, record, table)]
        answers = [NOT_ELIGIBLE]
    else:
        passed, answers = _walk(record, table, territory_owner)
    owners = [_owner(index, record, table, territory_owner, pools) for index in answers]
    runner_up = None
    if len(answers) > 1:
        runner_up = NextInLine(
            rule=table.rule_name(answers[1]),
            rule_index=answers[1],
            sentence=table.sentence(answers[1]),
            owner_id=owners[1],
            change=_change(table.rules.rules[answers[0]], table.rule_name(answers[1])),
        )
    return RouteExplanation(
        record_id=str(record[ID_FIELD]),
        rule=table.rule_name(answers[0]),
        rule_index=answers[0],
        sentence=table.sentence(answers[0]),
        owner_id=owners[0],
        destination=table.targets[answers[0]].kind.name.lower(),
        passed=tuple(passed),
        runner_up=runner_up,
        inputs={name: record[name] for name in sorted(table.rules.fields)},
    )


def first_failure(condition: Condition, record: Record, *, lists: Lists) -> Condition | None:
    """Return the smallest condition that keeps the whole from holding, None if it holds."""
    if _holds(condition, record, lists):
        return None
    failures = (first_failure(child, record, lists=lists) for child in condition.all_of or ())
    return next((failure for failure in failures if failure is not None), condition)


def _walk(
    record: Record, table: RoutingTable, territory_owner: str
) -> tuple[list[PassedRule], list[int]]:
    """Return the rules before the first answer, and the numbers of the first two answers."""
    passed: list[PassedRule] = []
    answers: list[int] = []
    for index, rule in enumerate(table.rules.rules):
        sentence = table.sentence(index)
        if not _holds(rule.when, record, table.lists):
            obstacle = _failed(rule.name, sentence, rule.when, record, table)
        else:
            cause = _silence(index, record, table, territory_owner)
            if not cause:
                answers.append(index)
                if len(answers) == 2:
                    return passed, answers
                continue
            obstacle = PassedRule(rule=rule.name, sentence=sentence, cause=cause)
        if not answers:
            passed.append(obstacle)
    return passed, [*answers, FALLBACK]


def _silence(index: int, record: Record, table: RoutingTable, territory_owner: str) -> str:
    """Return why a rule that matches has no answer, empty if it has one."""
    target = table.targets[index]
    if target.kind is DestinationKind.TERRITORY_OWNER and not territory_owner:
        return NO_TERRITORY
    if target.kind is DestinationKind.KEEP_OWNER and not _owner_today(record):
        return NO_OWNER
    return ""


def _owner(
    index: int, record: Record, table: RoutingTable, territory_owner: str, pools: PoolState
) -> str:
    target = table.targets[index]
    if target.kind is DestinationKind.TERRITORY_OWNER:
        return territory_owner
    if target.kind is DestinationKind.KEEP_OWNER:
        return _owner_today(record)
    if target.kind is DestinationKind.POOL:
        members = table.pools[target.pool]
        today = _owner_today(record)
        return today if today in members else members[pools.first_turn(target.pool, members)]
    return target.owner_id


def _owner_today(record: Record) -> str:
    if OWNER_FIELD not in record:
        raise ConfigError(
            f"routing needs {OWNER_FIELD}, which the record at hand does not have",
            remedy=f"add {OWNER_FIELD} to the fields that are pulled",
        )
    return str(record[OWNER_FIELD] or "")


def _failed(
    rule: str, sentence: str, condition: Condition, record: Record, table: RoutingTable
) -> PassedRule:
    failure = first_failure(condition, record, lists=table.lists) or condition
    return PassedRule(
        rule=rule,
        sentence=sentence,
        cause=f"needs {describe(failure)}",
        found="; ".join(_findings(failure, record)),
    )


def _findings(condition: Condition, record: Record) -> Iterator[str]:
    for name in sorted(condition.fields):
        value = record[name]
        words = field_words(name)
        if isinstance(value, bool):
            yield f"{words.removeprefix('is ')} is {'ticked' if value else 'not ticked'}"
        else:
            yield f"{words} is {'empty' if value in (None, '') else value}"


def _change(winner: Rule, runner_up: str) -> str:
    if winner.when.always:
        return f"rule {winner.name!r} takes every record: it would have to stand below {runner_up}"
    return f"rule {winner.name!r} would have to pass: {describe_opposite(winner.when)}"


def _holds(condition: Condition, record: Record, lists: Lists) -> bool:
    return compile_predicate(condition, lists=lists)(record)
