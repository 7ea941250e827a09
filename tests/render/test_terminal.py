"""What a person sees of a plan at a terminal, in a pipe, and in a log."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given, settings

from sfterritory.cli.render.detail import render_blocked, render_change
from sfterritory.cli.render.layout import render_facts, render_table
from sfterritory.cli.render.outcome import render_applied
from sfterritory.cli.render.progress import showing_progress
from sfterritory.cli.render.style import PIPE_WIDTH, console_for
from sfterritory.cli.render.terminal import render_plan
from sfterritory.events import emit
from sfterritory.model.plan import Applied, Outcome, Plan
from sfterritory.web.wording import visible

from .hostile import hostile_text
from .plans import SEEN_AT, SUMMARY, account_id, blocked, change, large_plan, plan_of, small_plan

SMALL_PLAN_AT_80_COLUMNS = """\
Plan {hash} for org 00D000000000001EAA, made from snapshot s-202611; org last
seen 2026-11-22 04:36 UTC; expires 2026-11-29 04:36 UTC

  ~ owner changes  + gets a first owner  - goes to a queue  ! blocked

Ben Cole (South) gets 2 records: 42.0k USD, 9 hours a year
  + Initech  nobody -> Ben Cole
      Account:001000000000002AAA, 30.0k USD, 4.5 h a year
      first owner of a new account; rule territory owner; next: Cy Dunn (9
      minutes further away)
  ~ Acme GmbH  Ann Berg -> Ben Cole
      Account:001000000000001AAA, 12.0k USD, 4.5 h a year
      lies in the territory South; rule territory owner; next: Cy Dunn (9
      minutes further away)

Review queue (South) gets 1 record: 0 USD, 5 hours a year
  - Umbrella  Ann Berg -> Review queue
      Account:001000000000003AAA, 4.5 h a year
      no rule matched; rule fallback; next: Cy Dunn (9 minutes further away)

Per rep, before -> after
Rep       Records  Gains  Loses    Hours a year       Value USD
Ann Berg  10 -> 8      0     -2  1,200 -> 1,010  2.40M -> 2.39M
Ben Cole   6 -> 8     +2      0      800 -> 990    950k -> 992k
  Furthest book from the mean: hours 20 % -> 1.0 %, value 43 % -> 41 %. Moved:
  0.7 % of the hours, 1.3 % of the value.

History fields, written in the same request as the owner
Field                      How     Records  Example
Account.Owner_Since__c     rolled        3  empty -> time of apply (Acme GmbH)
Account.Plan__c            rolled        3  empty -> hash of this plan (Acme
                                            GmbH)
Account.Previous_Owner__c  rolled        3  empty -> Ann Berg (Acme GmbH)
  Kept, and checked when read back: Account.First_Owner__c

Blocked
  ! 1: named account of Ann Berg
      Globex (Account:001000000000009AAA) stays with Ann Berg, wanted Ben Cole

Checks
  passed  share moved: 3 of 16 accounts, limit 30 %

Plan: 1 to reassign, 1 to assign, 1 to unassign; 1 blocked. Hash 00000000.
"""


def shown(plan: Plan, *, limit: int | None = 20, **environ: str) -> str:
    text = io.StringIO()
    render_plan(
        plan,
        summary=SUMMARY,
        seen_at=SEEN_AT,
        console=console_for(text, environ=environ),
        limit=limit,
    )
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def test_a_small_plan_reads_like_this_at_80_columns() -> None:
    plan = small_plan()

    assert shown(plan, COLUMNS="80") == SMALL_PLAN_AT_80_COLUMNS.format(hash=plan.short_hash)


def test_a_long_plan_shows_its_heaviest_lines_and_says_how_many_more_there_are() -> None:
    plan = large_plan(60, 5)

    text = shown(plan, limit=20)

    value_of = dict.fromkeys({line.after for line in plan.changes}, 0.0)
    for line in plan.changes:
        value_of[line.after] += line.value_usd
    heaviest_owner = max(value_of, key=lambda owner: value_of[owner])
    heaviest = max(
        (line for line in plan.changes if line.after == heaviest_owner),
        key=lambda line: line.value_usd,
    )
    assert re.findall(r"^ {6}(Account:\w+),", text, re.MULTILINE)[0] == heaviest.key
    assert len(re.findall(r"^ {6}Account:", text, re.MULTILINE)) == 20
    assert f"and 40 more (sfterritory show {plan.short_hash} --all)" in text


def test_all_lines_are_shown_when_no_limit_is_given() -> None:
    plan = large_plan(60, 5)

    text = shown(plan, limit=None)

    assert all(line.key in text for line in plan.changes)
    assert "more (sfterritory show" not in text


def test_a_plan_without_changes_is_its_summary_line() -> None:
    assert shown(plan_of(())) == f"\n{SUMMARY}\n"


def test_a_pipe_gets_no_colour_and_no_line_wider_than_it() -> None:
    text = shown(large_plan(40, 6), limit=None)

    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= PIPE_WIDTH


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [
        pytest.param({"FORCE_COLOR": "1"}, True, id="forced"),
        pytest.param({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, id="refused"),
        pytest.param({"TERM": "xterm-256color"}, False, id="not a terminal"),
    ],
)
def test_colour_obeys_the_environment(environ: dict[str, str], *, coloured: bool) -> None:
    text = shown(small_plan(), limit=None, **environ)

    colours = {"~": "33", "+": "32", "-": "31", "!": "35"}
    for sign, code in colours.items():
        assert (f"\x1b[1;{code}m{sign} \x1b[0m" in text) == coloured


@given(hostile_text)
@settings(max_examples=40, deadline=None)
def test_customer_text_cannot_steer_the_terminal(name: str) -> None:
    line = change(name=name, reason=name, rule=name, before=(account_id(5), name))
    text = io.StringIO()
    console = console_for(text, environ={"COLUMNS": "4000"})

    render_plan(
        plan_of((line,), blocked_changes=(blocked(name=name, cause=name),)),
        summary=SUMMARY,
        seen_at=SEEN_AT,
        console=console,
    )
    render_change(line, console=console)
    render_blocked(blocked(name=name, cause=name), console=console)

    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text.getvalue())
    assert f"~ {visible(name)}  {visible(name)} -> Ben Cole" in text.getvalue()


def test_one_change_is_shown_with_everything_known_of_it() -> None:
    text = io.StringIO()

    render_change(change(), console=console_for(text, environ={}))

    words = " ".join(text.getvalue().split())
    for part in (
        "Owner now Ann Berg (005000000000001AAA)",
        "Owner planned Ben Cole (005000000000002AAA)",
        "Reason lies in the territory South",
        "Rule territory owner",
        "Runner-up Cy Dunn (005000000000003AAA): 9 minutes further away",
        "Value 12,000 USD",
        "Last modified 2026-11-19 04:36 UTC",
        "Owner_Since__c rolled empty time of apply",
        "First_Owner__c Zoe",
    ):
        assert part in words


def test_an_apply_is_shown_by_outcome_with_causes_grouped() -> None:
    def ended(number: int, outcome: Outcome, code: str = "", message: str = "") -> Applied:
        return Applied(
            object_name="Account",
            record_id=account_id(number),
            outcome=outcome,
            code=code,
            message=message,
        )

    lines = [
        *(ended(n, Outcome.DONE) for n in range(1, 4)),
        ended(4, Outcome.DRIFTED, message="owner is Eve Fox"),
        *(ended(n, Outcome.FAILED, "INACTIVE_OWNER", "not\x1b[2J active") for n in range(5, 10)),
    ]
    text = io.StringIO()

    render_applied(lines, summary="Apply complete!", console=console_for(text, environ={}))

    rows = [" ".join(line.split()) for line in text.getvalue().splitlines()]
    assert "+ changed 3" in rows
    assert "! rejected by Salesforce 5" in rows
    causes = rows[rows.index("Causes") + 2 :]
    assert causes[0].startswith(r"5 rejected by Salesforce: INACTIVE_OWNER: not\x1b[2J active")
    assert causes[0].endswith("...")
    assert causes[1].startswith("1 skipped: changed since the plan: owner is Eve Fox")
    assert rows[-1] == "Apply complete!"


def test_tables_and_facts_of_other_commands_are_neutralised_too() -> None:
    text = io.StringIO()
    console = console_for(text, environ={})

    render_table("Users", ("Name", "Records"), [("Ann\x1b[2J", 12_000)], console=console)
    render_table("Queues", ("Name",), [], console=console)
    render_facts([("Org\x07", "00D"), ("Records", 1_000), ("Region", None)], console=console)

    assert "\x1b" not in text.getvalue()
    assert "Ann\\x1b[2J   12,000" in text.getvalue()
    assert "Queues\n  none" in text.getvalue()
    assert "1,000" in text.getvalue()


def test_progress_draws_a_bar_for_each_thing_on_a_terminal_only() -> None:
    drawn = {}
    for kind, environ in (("terminal", {"FORCE_COLOR": "1", "COLUMNS": "100"}), ("pipe", {})):
        text = io.StringIO()
        with showing_progress(console_for(text, environ=environ)):
            emit("pull.page", object="Account", rows=1)
            emit("pull.progress", what="Account", done=50_000, total=None, unit="rows")
            emit("pull.progress", what="Account", done=79_418, total=79_418, unit="rows")
        drawn[kind] = text.getvalue()

    assert "pull Account" in drawn["terminal"]
    assert "79,418 of 79,418 rows" in drawn["terminal"]
    assert drawn["pipe"] == ""
