from __future__ import annotations

import re
from dataclasses import fields

from docs.page import ROOT, quoted, rows, sections, text_of
from sfterritory.sandbox.objects import EVERYTHING, HISTORIES
from sfterritory.sandbox.switches import Switches

PAGE = "sandbox.md"
WORDS = {None: "none: one page", True: "yes", False: "no", "Z": "`Z`"}


def test_every_switch_is_in_the_page_with_its_default() -> None:
    listed = {quoted(row[0])[0]: row[1] for row in rows(sections(PAGE)["What is uncertain"])}

    known = {
        one.name: WORDS.get(getattr(Switches(), one.name), str(getattr(Switches(), one.name)))
        for one in fields(Switches)
    }
    assert listed == known


def test_the_page_names_every_object_of_the_org() -> None:
    (sentence,) = re.findall(r"Its objects: (.*?), and the\s+history of", text_of(PAGE), re.DOTALL)

    assert set(sentence.split(", ")) == set(EVERYTHING.objects) - {one.name for one in HISTORIES}


def test_the_readme_names_only_targets_that_make_has() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

    named = set(re.findall(r"^ {4}make ([a-z-]+)", text_of("../README.md"), re.MULTILINE))

    assert {"demo", "test", "check"} <= named <= targets
