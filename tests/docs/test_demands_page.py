from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache

import click

from docs.page import ROOT, quoted, rows, sections
from sfterritory.cli.main import cli

PAGE = "demands.md"
TABLES = ("By demand", "By feature")
LAST = {"S0": 26, "S1": 23, "S2": 22, "S3": 80, "S4": 21, "F": 200}
RANGE = re.compile(r"(S\d\.|F)(\d+)(?: to (?:S\d\.|F)(\d+))?")
STATE = re.compile(r"shown|partly: \S.*")


def table() -> list[list[str]]:
    return [row for title in TABLES for row in rows(sections(PAGE)[title])]


def every_id() -> set[str]:
    return {
        f"F{number:03d}" if group == "F" else f"{group}.{number}"
        for group, last in LAST.items()
        for number in range(1, last + 1)
    }


def not_yet() -> list[str]:
    """Return the ids of the last section, ranges unfolded."""
    found = []
    for head, first, last in RANGE.findall(sections(PAGE)["Not yet"]):
        width = 3 if head == "F" else 1
        numbers = range(int(first), int(last or first) + 1)
        found += [f"{head}{number:0{width}d}" for number in numbers]
    return found


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_demand_stands_in_the_page_exactly_once() -> None:
    listed = Counter([*(row[0] for row in table()), *not_yet()])

    assert {name for name, times in listed.items() if times > 1} == set()
    assert set(listed) == every_id()


def test_a_state_is_shown_or_says_what_is_missing() -> None:
    assert [row[0] for row in table() if not STATE.fullmatch(row[2])] == []


def test_every_test_that_the_page_names_exists() -> None:
    named = [quoted(row[4])[0].split("::") for row in table()]

    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).is_file() or name not in functions_of(path)
    ]

    assert missing == []


def test_what_is_shown_names_a_command_that_shows_it() -> None:
    context = click.Context(cli)

    unknown = [
        row[0]
        for row in table()
        if row[3] or row[2] == "shown"
        if cli.get_command(context, row[3].strip("`").split(" ")[0]) is None
    ]

    assert unknown == []
