from typing import Any

import pytest
from pydantic import ValidationError

from routing.sample import ANN, BEN, CAT, DIRECTORY, KINDS, LISTS, POOLS, book, leads, rule, table
from sfterritory.errors import ConfigError
from sfterritory.routing.conditions import Record
from sfterritory.routing.field_kind import FieldKind, field_kinds
from sfterritory.routing.problem import Problem
from sfterritory.routing.rules import RuleBook
from sfterritory.routing.table import resolve_rules
from sfterritory.routing.validation import check_rules

ALWAYS = {"always": True}
FIELDS = {
    "Lead": KINDS,
    "Account": KINDS,
    "User": {"Title": FieldKind.TEXT, "IsActive": FieldKind.FLAG},
}
USERS: dict[str, Record] = {
    ANN: {"Title": "Account Executive", "IsActive": True},
    BEN: {"Title": "Engineer", "IsActive": True},
}


def problems_of(rules: RuleBook) -> tuple[Problem, ...]:
    return check_rules(rules, directory=DIRECTORY, fields=FIELDS, lists=LISTS, users=USERS)


def test_a_sound_book_has_no_problem() -> None:
    executives = {"where": {"field": "Title", "is": "account executive"}}
    rules = book(
        pools={**POOLS, "executives": executives},
        eligible={"field": "IsHot", "is": False},
        rules=[
            rule({"user": ANN[:15]}, when={"field": "Country", "in_list": "strategic.csv"}),
            rule({"user": "BEN@example.com"}, when={"field": "Id", "starts_with": "00Q"}),
            rule({"queue": "inbound review"}, when={"field": "Country", "is_empty": True}),
            rule({"pool": "executives"}, when={"field": "SeenAt", "before": "2026-01-01"}),
            rule({"territory_owner": True}, when=ALWAYS),
            rule({"pool": "named"}, when={"field": "Employees", "between": [1, 2]}),
        ],
        fallback={"user": "Ann Abel"},
    )

    assert problems_of(rules) == ()


@pytest.mark.parametrize(
    ("to", "text", "remedy"),
    [
        ({"user": "Ann Able"}, "no user is called 'Ann Able'", "did you mean Ann Abel?"),
        ({"user": "Sam Same"}, "cat@example.com", "write the username or the id"),
        ({"user": "Sam Same"}, "dan@example.com, 005000000000004AAA, inactive", "username"),
        ({"user": "dan@example.com"}, "is inactive", "active user"),
        ({"user": "Eve Guest"}, "not a standard user", "internal user"),
        ({"user": "005000000000009"}, "no user has the id", "pull again"),
        ({"user": ANN[:15] + "AAB"}, "wrong checksum", "copy the id"),
        ({"user": "00G000000000001"}, "is the id of a queue", "queue: 00G000000000001"),
        ({"queue": "Inbound_Rewiev"}, "no queue is called", "did you mean Inbound_Review"),
        ({"pool": "inbond"}, "no pool 'inbond'", "did you mean inbound?"),
    ],
    ids=str,
)
def test_a_destination_that_cannot_be_found_is_told_with_a_remedy(
    to: dict[str, Any], text: str, remedy: str
) -> None:
    (problem,) = problems_of(book(pools=POOLS, rules=[rule(to, when=ALWAYS)]))

    assert problem.where == f"objects.Lead.rules[0].to.{next(iter(to))}"
    assert text in problem.text
    assert remedy in problem.remedy


@pytest.mark.parametrize(
    ("when", "path", "text"),
    [
        ({"field": "Contry", "is": "US"}, "field", "no field 'Contry'"),
        ({"field": "Country", "at_least": 5}, "at_least", "text field"),
        ({"field": "Country", "is": 2139}, "is", "2139 can never be found"),
        ({"field": "Country", "in": ["US", 1]}, "in[1]", "1 can never be found"),
        ({"field": "Employees", "is": "500"}, "is", "'500' can never"),
        ({"field": "IsHot", "is": "yes"}, "is", "'yes' can never"),
        ({"field": "IsHot", "is_empty": True}, "is_empty", "flag field"),
        ({"field": "SeenAt", "is": "2026-01-01"}, "is", "time field"),
        ({"field": "Country", "in_list": "strategc.csv"}, "in_list", "no list"),
        ({"any": [ALWAYS, {"not": {"field": "X", "is": 1}}]}, "any[1].not.field", "no field"),
    ],
    ids=str,
)
def test_a_question_that_no_record_can_answer_is_told_at_its_place(
    when: dict[str, Any], path: str, text: str
) -> None:
    (problem,) = problems_of(book(rules=[rule({"keep_owner": True}, when=when)]))

    assert problem.where == f"objects.Lead.rules[0].when.{path}"
    assert text in problem.text


def test_every_mistake_is_reported_at_once() -> None:
    rules = RuleBook.model_validate(
        {
            "version": 1,
            "pools": {
                "idle": {"members": ["dan@example.com"]},
                "double": {"members": ["Ann Abel", ANN[:15]]},
                "nobody": {"where": {"field": "Title", "is": "Astronaut"}},
                "odd": {"where": {"field": "Titel", "is": "Astronaut"}},
                "ghost": {"members": ["Nobody"]},
            },
            "objects": {
                "Account": {
                    "rules": [rule({"queue": "Inbound_Review"}, when=ALWAYS)],
                    "fallback": {"territory_owner": True},
                },
                "Leed": {"fallback": {"keep_owner": True}},
            },
        }
    )

    found = [(problem.where, problem.text) for problem in problems_of(rules)]

    assert [where for where, _ in found] == [
        "pools.idle.members",
        "pools.double.members[1]",
        "pools.nobody.where",
        "pools.odd.where.field",
        "pools.ghost.members[0]",
        "objects.Account.rules[0].to.queue",
        "objects.Account.fallback.territory_owner",
        "objects.Leed",
    ]
    assert "Salesforce allows only users" in dict(found)["objects.Account.rules[0].to.queue"]


def test_rules_that_no_record_can_reach_are_found() -> None:
    hot = {"field": "IsHot", "is": True}
    rules = book(
        rules=[
            rule({"territory_owner": True}, when=ALWAYS, name="by territory"),
            rule({"user": "Ann Abel"}, when=hot, name="hot"),
            rule({"user": "Ben Bold"}, when=hot, name="hot again"),
            rule({"keep_owner": True}, when=ALWAYS, name="rest"),
            rule({"user": "Ben Bold"}, when={"field": "Country", "is": "US"}, name="Hot "),
        ]
    )

    found = problems_of(rules)

    assert [problem.where for problem in found] == [
        "objects.Lead.rules[4].name",
        "objects.Lead.rules[2]",
        "objects.Lead.rules[4]",
    ]
    assert "'hot' takes the same records" in found[1].text
    assert "'rest' takes every record" in found[2].text


@pytest.mark.parametrize(
    ("data", "location"),
    [
        ({"rules": []}, ("objects", "Lead", "fallback")),
        ({"fallback": {}}, ("objects", "Lead", "fallback")),
        ({"fallback": {"user": "a", "queue": "b"}}, ("objects", "Lead", "fallback")),
        ({"fallback": {"keep_owner": False}}, ("objects", "Lead", "fallback", "keep_owner")),
        ({"fallback": {"keep_owner": True}, "rule": []}, ("objects", "Lead", "rule")),
    ],
    ids=str,
)
def test_a_book_of_the_wrong_shape_is_refused_at_its_place(
    data: dict[str, Any], location: tuple[str, ...]
) -> None:
    with pytest.raises(ValidationError) as caught:
        RuleBook.model_validate({"version": 1, "objects": {"Lead": data}})

    assert [error["loc"] for error in caught.value.errors()] == [location]


def test_a_pool_has_members_or_a_condition_and_not_both() -> None:
    with pytest.raises(ValidationError, match="either members"):
        book(pools={"both": {"members": ["Ann Abel"], "where": ALWAYS}})


def test_routing_refuses_an_object_without_an_ownership_model() -> None:
    with pytest.raises(ConfigError, match="no ownership model for Case"):
        resolve_rules(book(), "Case", directory=DIRECTORY, users={}, lists={})


def test_resolving_lists_every_destination_that_cannot_take_records() -> None:
    broken = book(
        rules=[rule({"user": "Nobody"}, when=ALWAYS), rule({"pool": "gone"}, when=ALWAYS)]
    )

    with pytest.raises(ConfigError) as caught:
        table(broken)

    assert caught.value.problem.splitlines()[0].startswith("routing.yaml: objects.Lead.rules[0].to")
    assert len(caught.value.problem.splitlines()) == 2


def test_a_pool_by_condition_holds_the_active_users_it_fits() -> None:
    everyone = {"where": {"field": "Title", "is_empty": False}}
    titles: dict[str, Record] = {user: {"Title": "Rep"} for user in (*DIRECTORY.people, CAT)}

    resolved = table(book(pools={"all": everyone}, fallback={"pool": "all"}), titles)

    assert resolved.pools["all"] == (ANN, BEN, CAT)


def test_the_kind_of_a_field_is_told_by_its_column() -> None:
    assert field_kinds(leads([])) == KINDS


def test_a_queue_takes_only_the_objects_it_supports() -> None:
    found = DIRECTORY.resolve_queue("Inbound_Review", object_name="Case")

    assert isinstance(found, Problem)
    assert "does not take Case records, only Lead" in found.text


def test_a_fallback_that_may_have_no_answer_is_refused() -> None:
    with pytest.raises(ConfigError, match="may lie in no territory"):
        table(book(fallback={"territory_owner": True}))
