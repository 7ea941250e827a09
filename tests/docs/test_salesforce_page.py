"""The page for administrators names tests that exist, and what the connector really sends."""

from __future__ import annotations

import ast
from functools import cache

from docs.page import ROOT, quoted, rows, sections
from sfterritory.connectors.salesforce.collection import WRITE_HEADERS

PAGE = "salesforce.md"


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_each_of_the_twelve_mistakes_has_a_test_that_exists() -> None:
    table = rows(sections(PAGE)["Twelve classic mistakes"])
    named = [quoted(row[3])[0].split("::") for row in table]

    missing = [f"{path}::{name}" for path, name in named if name not in functions_of(path)]

    assert [row[0] for row in table] == [str(number) for number in range(1, 13)]
    assert missing == []


def test_the_headers_that_the_page_promises_are_sent_with_every_write() -> None:
    told = [quote for body in sections(PAGE).values() for quote in quoted(body)]

    for name in ("Sforce-Auto-Assign: FALSE", "Sforce-Call-Options: client=sfterritory"):
        header, value = name.split(": ")
        assert name in told
        assert WRITE_HEADERS[header] == value
