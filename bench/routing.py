"""The routing engine against the loop that one would write first.

Both answer with the first rule that matches, for 80,000 leads and 200 rules of three conditions.
The loop gets each record as a dict and each rule as plain Python, so it pays for nothing but
the comparing; the engine also finds the runner-up.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import numpy as np

from bench.figure import Figure, median_cpu_s
from sfterritory.model.columns import NumberColumn, RecordColumns, TextColumn
from sfterritory.model.ids import to_18
from sfterritory.routing.directory import Directory, Person
from sfterritory.routing.engine import route
from sfterritory.routing.pools import PoolState
from sfterritory.routing.rules import RuleBook
from sfterritory.routing.table import FALLBACK, RoutingTable, resolve_rules

RECORDS, RULES, PEOPLE = 80_000, 200, 50
LEAST_RATIO = 3.0
_STATES = tuple(f"US-{first}{second}" for first in "ACDFGHIKLM" for second in "ALNRY")
_INDUSTRIES = tuple(f"Industry {number}" for number in range(20))

Row = Mapping[str, str | float]
Made = tuple[str, frozenset[str], float]  # state, industries, least employees


def figures() -> list[Figure]:
    """Return the engine's speed and its ratio to the loop."""
    rng = random.Random(1)  # noqa: S311 - test data
    rows: list[Row] = [
        {
            "state": rng.choice(_STATES),
            "Industry": rng.choice(_INDUSTRIES),
            "NumberOfEmployees": float(rng.randrange(1, 1000)),
        }
        for _ in range(RECORDS)
    ]
    rules: list[Made] = [
        (rng.choice(_STATES), frozenset(rng.sample(_INDUSTRIES, 5)), float(rng.randrange(1, 900)))
        for _ in range(RULES)
    ]
    records, table = _columns(rows), _table(rules)
    nowhere = np.full(RECORDS, "", dtype="U18")

    routed = route(records, table, territory_owner=nowhere, pools=PoolState({}))
    assert routed.rule.tolist() == _looped(rows, rules)
    engine_s = median_cpu_s(
        lambda: route(records, table, territory_owner=nowhere, pools=PoolState({}))
    )
    loop_s = median_cpu_s(lambda: _looped(rows, rules), repeats=3)
    return [
        Figure("routing, 200 rules", RECORDS / engine_s, "records/s"),
        Figure("routing over a loop", loop_s / engine_s, "times", at_least=LEAST_RATIO),
    ]


def _columns(rows: Sequence[Row]) -> RecordColumns:
    ids = np.array([to_18(f"00Q{number:012d}") for number in range(len(rows))])
    return RecordColumns(
        "Lead",
        ids,
        {
            "subdivision_code": TextColumn.of([str(row["state"]) for row in rows]),
            "Industry": TextColumn.of([str(row["Industry"]) for row in rows]),
            "NumberOfEmployees": NumberColumn(np.array([row["NumberOfEmployees"] for row in rows])),
            "OwnerId": TextColumn.of([None] * len(rows)),
        },
    )


def _table(rules: Sequence[Made]) -> RoutingTable:
    people = [
        Person(
            to_18(f"005{number:012d}"),
            f"Rep {number}",
            f"rep{number}@bench.example",
            is_active=True,
            is_standard=True,
        )
        for number in range(PEOPLE)
    ]
    book = RuleBook.model_validate(
        {
            "version": 1,
            "objects": {
                "Lead": {
                    "rules": [
                        {
                            "name": f"Rule {number}",
                            "when": {
                                "all": [
                                    {"field": "subdivision_code", "is": state},
                                    {"field": "Industry", "in": sorted(industries)},
                                    {"field": "NumberOfEmployees", "at_least": least},
                                ]
                            },
                            "to": {"user": f"rep{number % PEOPLE}@bench.example"},
                        }
                        for number, (state, industries, least) in enumerate(rules)
                    ],
                    "fallback": {"user": "rep0@bench.example"},
                }
            },
        }
    )
    return resolve_rules(book, "Lead", directory=Directory.of(people, []), users={}, lists={})


def _looped(rows: Sequence[Row], rules: Sequence[Made]) -> list[int]:
    found = []
    for row in rows:
        for number, (state, industries, least) in enumerate(rules):
            if (
                row["state"] == state
                and row["Industry"] in industries
                and float(row["NumberOfEmployees"]) >= least
            ):
                found.append(number)
                break
        else:
            found.append(FALLBACK)
    return found
