"""Check a rule book against the org: every mistake at once, each with its place and its remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sfterritory.routing.conditions import Record
from sfterritory.routing.directory import Directory
from sfterritory.routing.field_kind import Fields, check_condition
from sfterritory.routing.leaf import Lists
from sfterritory.routing.pools import pool_members
from sfterritory.routing.problem import Problem, did_you_mean
from sfterritory.routing.rules import Condition, Destination, ObjectRules, Pool, Rule, RuleBook
from sfterritory.routing.table import fallback_without_answer, resolve_target

USER_OBJECT = "User"


@dataclass(frozen=True, slots=True)
class _Org:
    """What the rules may speak of."""

    directory: Directory
    fields: Mapping[str, Fields]
    lists: Lists
    users: Mapping[str, Record]

    def check(self, condition: Condition, object_name: str) -> tuple[Problem, ...]:
        known = self.fields.get(object_name, {})
        return check_condition(condition, object_name=object_name, fields=known, lists=self.lists)


def check_rules(
    book: RuleBook,
    *,
    directory: Directory,
    fields: Mapping[str, Fields],
    lists: Lists,
    users: Mapping[str, Record],
) -> tuple[Problem, ...]:
    """Return every mistake of a rule book, in the order of the file; empty if it can run.

    Args:
        book: The rules, already of the right shape.
        directory: Users and queues of the org.
        fields: Kind of each field by name, by object name; `User` for pools with a condition.
        lists: Named lists of values.
        users: Field values of every user by 18-character id.
    """
    org = _Org(directory, fields, lists, users)
    members = {name: _members(pool, org) for name, pool in sorted(book.pools.items())}
    return tuple(
        [
            problem.under("pools", name)
            for name, pool in book.pools.items()
            for problem in _check_pool(pool, org, members[name])
        ]
        + [
            problem.under("objects", name)
            for name, rules in book.objects.items()
            for problem in _check_object(name, rules, org, members)
        ]
    )


def _members(pool: Pool, org: _Org) -> tuple[str, ...] | None:
    """Return a pool's members, None where its condition cannot be asked."""
    if pool.where is not None and org.check(pool.where, USER_OBJECT):
        return None
    return pool_members(pool, directory=org.directory, users=org.users, lists=org.lists)


def _check_pool(pool: Pool, org: _Org, members: tuple[str, ...] | None) -> Iterator[Problem]:
    if pool.where is not None:
        for problem in org.check(pool.where, USER_OBJECT):
            yield problem.under("where")
    seen: dict[str, str] = {}
    broken = False
    for at, ref in enumerate(pool.members or ()):
        found = org.directory.find_user(ref)
        if isinstance(found, Problem):
            broken = True
            yield found.under("members", at)
        elif found in seen:
            text = f"{ref!r} is the same user as {seen[found]!r} above"
            yield Problem(("members", at), text, "name each member once: turns are equal")
        else:
            seen[found] = ref
    if members == () and not broken:
        yield Problem(
            ("members",) if pool.where is None else ("where",),
            "nobody in this pool can own records: all are inactive or not standard users"
            if pool.where is None
            else "no active standard user answers to this condition",
            "name at least one active user"
            if pool.where is None
            else "widen the condition, or pull users again",
        )


def _check_object(
    name: str, rules: ObjectRules, org: _Org, members: Mapping[str, tuple[str, ...] | None]
) -> Iterator[Problem]:
    if name not in org.fields or name == USER_OBJECT:
        known = sorted(set(org.fields) - {USER_OBJECT})
        remedy = did_you_mean(name, known, otherwise=f"write one of {', '.join(known)}")
        yield Problem((), f"{name!r} is not an object that is pulled", remedy)
        return
    if rules.eligible is not None:
        for problem in org.check(rules.eligible, name):
            yield problem.under("eligible")
    names: dict[str, int] = {}
    for at, rule in enumerate(rules.rules):
        for problem in org.check(rule.when, name):
            yield problem.under("rules", at, "when")
        for problem in _check_destination(rule.to, name, org, members):
            yield problem.under("rules", at, "to")
        first = names.setdefault(rule.name.strip().casefold(), at)
        if first != at:
            yield Problem(
                ("rules", at, "name"),
                f"rule {first + 1} is called {rule.name!r} too",
                "give each rule its own name: the plan and `why` speak of rules by name",
            )
    yield from _unreachable(rules.rules)
    for problem in _check_destination(rules.fallback, name, org, members):
        yield problem.under("fallback")
    if rules.fallback.territory_owner:
        yield fallback_without_answer().under("fallback")


def _check_destination(
    to: Destination, object_name: str, org: _Org, members: Mapping[str, tuple[str, ...] | None]
) -> Iterator[Problem]:
    # An empty pool is told once, where it is described.
    if to.pool is not None and to.pool in members:
        return
    found = resolve_target(
        to,
        object_name=object_name,
        directory=org.directory,
        pools={name: ids or () for name, ids in members.items()},
    )
    if isinstance(found, Problem):
        yield found


def _unreachable(rules: tuple[Rule, ...]) -> Iterator[Problem]:
    """Find rules behind one that takes every record, or the very same records, for good."""
    takes_all: Rule | None = None
    takers: dict[Condition, Rule] = {}
    for at, rule in enumerate(rules):
        earlier = takes_all or takers.get(rule.when)
        if earlier is not None:
            reason = "the same records" if takes_all is None else "every record"
            yield Problem(
                ("rules", at),
                f"rule {rule.name!r} is never reached: {earlier.name!r} takes {reason} first",
                "move it above that rule, or remove one of the two",
            )
        elif not rule.to.territory_owner:  # which passes on the records of no territory
            takes_all = rule if rule.when.always else None
            takers[rule.when] = rule
