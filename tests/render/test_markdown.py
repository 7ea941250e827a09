"""The plan as a comment on a pull request."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import given, settings

from sfterritory.cli.render.markdown import MAX_CHARACTERS, escaped, plan_markdown
from sfterritory.model.plan import Check
from sfterritory.web.wording import visible

from .hostile import hostile_text
from .plans import SEEN_AT, SUMMARY, blocked, change, large_plan, plan_of, small_plan, totals

SMALL_PLAN = """\
<!-- sfterritory plan -->
### Plan: 1 to reassign, 1 to assign, 1 to unassign; 1 blocked. Hash 00000000.

Org `00D000000000001EAA`, last seen 2026-11-22 04:36 UTC, snapshot s-202611. \
Expires 2026-11-29 04:36 UTC.

Next: a reviewer runs `sfterritory approve {hash}`, then anyone `sfterritory apply {hash}`.

| | moved | share | furthest book from the mean |
|:--|--:|--:|--:|
| Hours a year | 14 | 0.7 % | 20 % → 1.0 % |
| Value (USD) | 42,000 | 1.3 % | 43 % → 41 % |

| Rep | Records | Gains | Loses | Hours a year | Value (USD) |
|:--|--:|--:|--:|--:|--:|
| Ann Berg | 10 → 8 | 0 | 2 | 1,200 → 1,010 | 2,400,000 → 2,388,000 |
| Ben Cole | 6 → 8 | 2 | 0 | 800 → 990 | 950,000 → 992,000 |

- Also written: Account.Owner\\_Since\\_\\_c (rolled) on 3 records, for example \
empty → time of apply
- Also written: Account.Plan\\_\\_c (rolled) on 3 records, for example empty → hash of this plan
- Also written: Account.Previous\\_Owner\\_\\_c (rolled) on 3 records, for example empty → Ann Berg

- `!` 1 record blocked: named account of Ann Berg (for example Globex)

- Check share moved: passed, 3 of 16 accounts, limit 30 %

<details><summary>3 changes</summary>

```diff
+ Initech (Account:001000000000002AAA): nobody -> Ben Cole; first owner of a new account \
[territory owner]
~ Acme GmbH (Account:001000000000001AAA): Ann Berg -> Ben Cole; lies in the territory South \
[territory owner]
- Umbrella (Account:001000000000003AAA): Ann Berg -> Review queue; no rule matched [fallback]
```

</details>
"""


def test_a_small_plan_is_this_comment() -> None:
    plan = small_plan()

    assert plan_markdown(plan, summary=SUMMARY, seen_at=SEEN_AT) == SMALL_PLAN.format(
        hash=plan.short_hash
    )


def test_a_long_plan_is_cut_and_says_how_many_lines_are_left_out() -> None:
    plan = large_plan(1_500, 20)

    text = plan_markdown(plan, summary=SUMMARY, seen_at=SEEN_AT)

    kept = len(re.findall(r"^[~+-] .*\(Account:", text, re.MULTILINE))
    assert MAX_CHARACTERS - 400 < len(text) <= MAX_CHARACTERS
    assert f"\n{1_500 - kept:,} changes left out of this comment" in text
    assert text.endswith("```\n\n</details>\n")


def test_a_plan_that_failed_a_check_does_not_offer_to_approve_it() -> None:
    failed = Check(name="share moved", passed=False, detail="61 %, limit 30 %")

    text = plan_markdown(plan_of((change(),), checks=(failed,)), summary=SUMMARY, seen_at=SEEN_AT)

    assert "cannot be applied" in text
    assert "sfterritory approve" not in text


@given(hostile_text)
@settings(max_examples=80, deadline=None)
def test_no_name_adds_a_tag_a_cell_a_call_or_the_end_of_the_block(name: str) -> None:
    book = totals(1, name, accounts=(1, 2), moved=(1, 0), hours=(1.0, 2.0), value_usd=(1.0, 2.0))
    plan = plan_of(
        (change(name=name, reason=name, rule=name),),
        blocked_changes=(blocked(name=name, cause=name),),
        books=(book,),
    )

    text = plan_markdown(plan, summary=SUMMARY, seen_at=SEEN_AT)

    prose, _, diff = text.partition("```diff\n")
    tags = re.findall(r"<[^>]*>", prose)
    assert tags == ["<!-- sfterritory plan -->", "<details>", "<summary>", "</summary>"]
    (row,) = [line for line in prose.splitlines() if line.endswith("| 1 → 2 | 1 → 2 |")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 7
    assert not re.search(r"[@#]\w", prose.replace("&#8203;", "\u200b"))
    assert len(diff.splitlines()) == 4
    assert visible(name) in diff


@given(hostile_text)
@settings(max_examples=80, deadline=None)
def test_escaped_text_reads_as_it_was(name: str) -> None:
    unescaped = re.sub(r"\\([\\`*_{}\[\]()|~$])", r"\1", unescape(escaped(name)))

    assert unescaped.replace("\u200b", "") == visible(name)


def test_the_comment_stays_short_whatever_the_names_are() -> None:
    long_name = "@#" * 5_000
    books = tuple(
        totals(
            number, long_name, accounts=(1, 2), moved=(1, 0), hours=(1.0, 2.0), value_usd=(1.0, 2.0)
        )
        for number in range(200)
    )
    causes = tuple(blocked(number, cause=f"{number}{long_name}") for number in range(100))
    plan = plan_of((change(name=long_name),), books=books, blocked_changes=causes)

    text = plan_markdown(plan, summary=SUMMARY, seen_at=SEEN_AT)

    assert len(text) <= MAX_CHARACTERS
    assert "of this summary left out for its length" in text
    assert "1 change left out of this comment" in text
