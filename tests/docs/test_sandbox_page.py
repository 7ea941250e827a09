from __future__ import annotations

import json
import re
from dataclasses import fields

from docs.page import ROOT, fenced, quoted, rows, sections, text_of
from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.objects.history import HISTORIES
from sfterritory.sandbox.rule import KINDS
from sfterritory.sandbox.rule_book import rule_of
from sfterritory.sandbox.switches import Switches

PAGE = "sandbox.md"
WORDS: dict[object, str] = {None: "none: one page", True: "yes", False: "no", "Z": "`Z`"}


def test_every_switch_is_in_the_page_with_its_default() -> None:
    listed = {quoted(row[0])[0]: row[1] for row in rows(sections(PAGE)["What is uncertain"])}

    known = {one.name: _shown(getattr(Switches(), one.name)) for one in fields(Switches)}
    assert listed == known


def _shown(value: bool | int | str | None) -> str:  # noqa: FBT001 - a switch's default
    """Return a default as the page writes it; 0 is a number, though Python's False equals it."""
    number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if number else WORDS.get(value, str(value))


def test_the_page_names_every_object_of_the_org() -> None:
    (sentence,) = re.findall(r"Its objects: (.*?), and the\s+history of", text_of(PAGE), re.DOTALL)

    assert set(sentence.split(", ")) == set(EVERYTHING.objects) - {one.name for one in HISTORIES}


def test_every_kind_of_rule_has_an_example_that_is_one_and_a_row() -> None:
    (examples,) = fenced(PAGE, "json")
    listed = {quoted(row[0])[0] for row in rows(sections(PAGE)["What an administrator declares"])}

    rules = [rule_of(one) for one in json.loads(examples)]

    assert [one.kind for one in rules] == ["validation", "duplicate", "trigger", *KINDS[3:]]
    assert listed == set(KINDS)


def test_the_readme_names_only_targets_that_make_has() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

    named = set(re.findall(r"^ {4}make ([a-z-]+)", text_of("../README.md"), re.MULTILINE))

    assert {"demo", "test", "check"} <= named <= targets
