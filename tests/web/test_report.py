"""The plan as one HTML file: complete, self-contained, and safe to open."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from base64 import b64encode
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from render.hostile import hostile_text
from render.plans import (
    SEEN_AT,
    SUMMARY,
    blocked,
    change,
    large_plan,
    plan_of,
    small_plan,
    totals,
    user_id,
)

from sfterritory.model.plan import Check, FieldRole, FieldWrite
from sfterritory.web.report import plan_html
from sfterritory.web.wording import visible

from .maps import points_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class Page(HTMLParser):
    """Collects what a browser would make of a page: tags, links, and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(name for name, _ in attrs)
        self.addresses += [
            value or "" for name, value in attrs if name in {"href", "src", "action"}
        ]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_every_change_is_there_with_reason_rule_runner_up_and_history() -> None:
    plan = small_plan()

    page = Page(plan_html(plan, summary=SUMMARY, seen_at=SEEN_AT))

    words = " ".join(" ".join(page.text).split())
    for part in (
        SUMMARY,
        plan.hash,
        f"sfterritory approve {plan.short_hash}",
        "Initech Account:001000000000002AAA nobody first owner of a new account territory owner",
        "Cy Dunn 9 minutes further away 30,000 4.5 B",
        "Umbrella Account:001000000000003AAA Ann Berg no rule matched fallback",
        "Globex Account:001000000000009AAA Ann Berg Ben Cole territory owner",
        "named account of Ann Berg",
        "Owner_Since__c rolled: time of apply",
        "share moved 3 of 16 accounts, limit 30 %",
        "20 % → 1.0 %",
    ):
        assert part in words


def test_a_history_value_of_its_own_and_an_overwritten_one_are_on_their_line() -> None:
    writes = (
        FieldWrite(field="First__c", role=FieldRole.WRITE_ONCE, before=None, after="by hand"),
        FieldWrite(field="Prev__c", role=FieldRole.ROLLED, before="Zoe", after="Ann Berg"),
    )
    line = change().model_copy(update={"writes": writes})

    page = plan_html(plan_of((line,)), summary=SUMMARY, seen_at=SEEN_AT)

    assert "<td>A; First__c: by hand; Prev__c was Zoe\n" in page
    assert "<code>Prev__c</code> rolled: name of the owner until now" in page


def test_nothing_is_fetched_and_only_our_script_may_run() -> None:
    html = plan_html(small_plan(), summary=SUMMARY, seen_at=SEEN_AT, map_points=points_of(200, 4))

    page = Page(html)

    assert {address[0] for address in page.addresses} == {"#"}
    assert not {"link", "img", "iframe", "base", "object"} & set(page.tags)
    assert not re.search(r"url\(|@import", html)
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    assert script is not None
    digest = b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}';" in html


@given(hostile_text)
@settings(max_examples=30, deadline=None)
def test_no_name_becomes_markup_and_each_is_shown_as_it_is(name: str) -> None:
    def plan_named(text: str) -> str:
        book = totals(
            1, text, accounts=(1, 2), moved=(1, 0), hours=(1.0, 2.0), value_usd=(1.0, 2.0)
        )
        line = change(name=text, reason=text, rule=text, after=(user_id(2), text))
        plan = plan_of(
            (line,),
            blocked_changes=(blocked(name=text, cause=text),),
            books=(book,),
            checks=(Check(name=text, passed=True, detail=text),),
        )
        points = replace(SMALL_MAP, owner_names=(text, "B", "C", "D"))
        return plan_html(plan, summary=text, seen_at=SEEN_AT, map_points=points)

    hostile, plain = Page(plan_named(name)), Page(plan_named("X"))

    without_labels = [tag for tag in hostile.tags if tag != "text"]
    assert without_labels == [tag for tag in plain.tags if tag != "text"]
    assert hostile.attributes == plain.attributes
    assert f"<th scope=row>{visible(name)}<i>Account:" in unescape(plan_named(name))


def test_twenty_thousand_changes_stay_light_and_start_closed() -> None:
    plan = large_plan(4_000, 200)

    html = plan_html(plan, summary=SUMMARY, seen_at=SEEN_AT)

    rows = re.findall(r"^<tr><td class=r\d>.*$", html, re.MULTILINE)
    assert len(rows) == 4_000
    assert sum(len(row.encode()) for row in rows) / len(rows) < 400
    assert '<details class="group" open>' not in html


def test_above_the_limit_the_page_says_how_many_are_left_to_the_csv() -> None:
    line = change()
    plan = plan_of((line,) * 25_003)

    html = plan_html(plan, summary=SUMMARY, seen_at=SEEN_AT)

    assert html.count("<th scope=row>") == 25_000
    assert "3 changes more of least value are not on this page." in html


def test_a_plan_that_failed_a_check_does_not_offer_to_approve_it() -> None:
    failed = Check(name="share moved", passed=False, detail="61 %, limit 30 %")

    html = plan_html(plan_of((change(),), checks=(failed,)), summary=SUMMARY, seen_at=SEEN_AT)

    assert "This plan cannot be applied" in html
    assert "sfterritory approve" not in html


def test_a_plan_without_changes_asks_nobody_for_anything() -> None:
    html = plan_html(
        plan_of(()), summary="No changes. Salesforce matches the rules.", seen_at=SEEN_AT
    )

    assert "Nobody needs to do anything" in html
    assert "sfterritory approve" not in html


def test_numbers_on_the_map_are_those_of_the_table() -> None:
    plan = large_plan(40, 4)

    html = plan_html(plan, summary=SUMMARY, seen_at=SEEN_AT, map_points=SMALL_MAP)

    for number, owner_id in enumerate(SMALL_MAP.owner_ids, start=1):
        (book,) = [book for book in plan.totals if book.owner_id == owner_id]
        assert f'<td class="n dim">{number}</td><th scope="row">{book.name}</th>' in html


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_real_browser_opens_the_file_from_disk(tmp_path: Path) -> None:
    assert CHROMIUM is not None
    hostile = change(77, name="<script>document.title='owned'</script>")
    plan = large_plan(40, 4).model_copy(update={"changes": (hostile, *large_plan(40, 4).changes)})
    file = tmp_path / "plan.html"
    file.write_text(
        plan_html(plan, summary=SUMMARY, seen_at=SEEN_AT, map_points=SMALL_MAP), encoding="utf-8"
    )

    dom = subprocess.run(  # noqa: S603 - our own file, the browser of this machine
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout

    rows = re.findall(r'<tr><td class="r\d">([~+-]) (?:reassign|assign|unassign)</td>', dom)
    assert len(rows) == 41
    assert "<title>Plan " in dom
    assert "&lt;script&gt;document.title='owned'&lt;/script&gt;" in dom
    assert 'id="tools">' in dom  # our script ran: it took `hidden` away
    assert dom.count('<svg class="map"') == 2
    assert {address[0] for address in Page(dom).addresses} == {"#"}


SMALL_MAP = points_of(120, 4)
