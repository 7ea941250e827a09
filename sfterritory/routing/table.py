"""The routing table: one object's rules with every name turned into an id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from sfterritory.errors import ConfigError
from sfterritory.routing.conditions import Record
from sfterritory.routing.directory import Directory
from sfterritory.routing.leaf import Lists
from sfterritory.routing.pools import pool_members
from sfterritory.routing.problem import Problem, did_you_mean
from sfterritory.routing.rules import Destination, ObjectRules, RuleBook
from sfterritory.routing.sentence import describe, describe_destination, describe_rule

NOT_ELIGIBLE = -1
FALLBACK = -2
NO_RUNNER_UP = -1


class DestinationKind(IntEnum):
    """What a record was given; the numbers are stored, so they never change."""

    LEFT_ALONE = 0
    USER = 1
    QUEUE = 2
    TERRITORY_OWNER = 3
    POOL = 4
    KEEP_OWNER = 5


@dataclass(frozen=True, slots=True)
class Target:
    """A destination after look-up; `owner_id` of a user or queue, `pool` of a pool."""

    kind: DestinationKind
    owner_id: str = ""
    pool: str = ""


@dataclass(frozen=True, slots=True)
class RoutingTable:
    """What the engine runs on.

    Attributes:
        object_name: The object whose records it routes.
        rules: The rules as they were written.
        targets: One a rule, then the fallback's, then the one of records that are left alone; so
            `FALLBACK` and `NOT_ELIGIBLE` index it as rule numbers do.
        pools: Ids of the members who can be dealt a record, ascending, by pool name.
        lists: Named lists of values.
    """

    object_name: str
    rules: ObjectRules
    targets: tuple[Target, ...]
    pools: Mapping[str, tuple[str, ...]]
    lists: Lists

    def rule_name(self, index: int) -> str:
        """Return the name of a rule number, `FALLBACK` and `NOT_ELIGIBLE` included."""
        if index == FALLBACK:
            return "fallback"
        return "not eligible" if index == NOT_ELIGIBLE else self.rules.rules[index].name

    def sentence(self, index: int) -> str:
        """Return what a rule number says in plain language."""
        if index == FALLBACK:
            words = describe_destination(self.rules.fallback)
            return f"No rule answers -> {words}"
        if index == NOT_ELIGIBLE:
            asked = "every record" if self.rules.eligible is None else describe(self.rules.eligible)
            return f"Only these records are routed: {asked}"
        return describe_rule(self.rules.rules[index])


def resolve_rules(
    book: RuleBook,
    object_name: str,
    *,
    directory: Directory,
    users: Mapping[str, Record],
    lists: Lists,
) -> RoutingTable:
    """Return one object's rules, ready to run.

    Args:
        book: The rule book; `validation.check_rules` reports more, and sooner.
        object_name: Which of its objects.
        directory: Users and queues.
        users: Field values of every user by 18-character id, for pools given by a condition.
        lists: Named lists of values.

    Raises:
        ConfigError: The book has no ownership model for the object, or a destination cannot take
            its records; every such destination is listed.
    """
    rules = book.objects.get(object_name)
    if rules is None:
        raise ConfigError(
            f"the rule book has no ownership model for {object_name}, "
            f"only for {', '.join(sorted(book.objects))}",
            remedy=f"add {object_name} with a fallback under objects in routing.yaml",
        )
    members = {
        name: pool_members(pool, directory=directory, users=users, lists=lists)
        for name, pool in sorted(book.pools.items())
    }
    destinations = [
        *((("rules", at, "to"), rule.to) for at, rule in enumerate(rules.rules)),
        (("fallback",), rules.fallback),
    ]
    targets: list[Target] = []
    problems: list[Problem] = []
    for path, destination in destinations:
        found = resolve_target(
            destination, object_name=object_name, directory=directory, pools=members
        )
        if isinstance(found, Problem):
            problems.append(found.under("objects", object_name, *path))
        else:
            targets.append(found)
    if not problems and targets[-1].kind is DestinationKind.TERRITORY_OWNER:
        problems.append(fallback_without_answer().under("objects", object_name, "fallback"))
    if problems:
        raise ConfigError(
            "\n".join(f"routing.yaml: {problem}" for problem in problems),
            remedy="correct these destinations, then run again",
        )
    left_alone = Target(DestinationKind.LEFT_ALONE)
    return RoutingTable(object_name, rules, (*targets, left_alone), members, lists)


def resolve_target(
    destination: Destination,
    *,
    object_name: str,
    directory: Directory,
    pools: Mapping[str, tuple[str, ...]],
) -> Target | Problem:
    """Return a destination with its names looked up, or what is wrong with it."""
    if destination.user is not None:
        user = directory.resolve_user(destination.user)
        return _found(user, kind=DestinationKind.USER, key="user")
    if destination.queue is not None:
        queue = directory.resolve_queue(destination.queue, object_name=object_name)
        return _found(queue, kind=DestinationKind.QUEUE, key="queue")
    if destination.pool is not None:
        return _pool_target(destination.pool, pools)
    if destination.territory_owner:
        return Target(DestinationKind.TERRITORY_OWNER)
    return Target(DestinationKind.KEEP_OWNER)


def fallback_without_answer() -> Problem:
    """Return the mistake of a fallback that has no answer for records in no territory."""
    return Problem(
        ("territory_owner",),
        "the fallback is the territory's owner, but a record may lie in no territory",
        "make territory_owner the last rule, and let the fallback be a user, queue, pool "
        "or keep_owner",
    )


def _found(owner: str | Problem, *, kind: DestinationKind, key: str) -> Target | Problem:
    return owner.under(key) if isinstance(owner, Problem) else Target(kind, owner_id=owner)


def _pool_target(name: str, pools: Mapping[str, tuple[str, ...]]) -> Target | Problem:
    if name not in pools:
        remedy = did_you_mean(name, pools, otherwise="describe it under pools")
        return Problem(("pool",), f"there is no pool {name!r}", remedy)
    if not pools[name]:
        return Problem(
            ("pool",),
            f"pool {name!r} has no member who can own records",
            "put at least one active user into it",
        )
    return Target(DestinationKind.POOL, pool=name)
