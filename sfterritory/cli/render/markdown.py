"""The plan as a comment on a pull request: GitHub's Markdown, never longer than a comment may be.

Text from Salesforce is made harmless before it is placed: Markdown signs are escaped, HTML becomes
entities, and an invisible break keeps `@name`, `#12` and addresses from becoming links or calls.
Inside the diff block nothing is interpreted, so text stands there as `visible` gives it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from sfterritory.model.plan import SHORT_HASH_LENGTH, OwnerChange, Plan
from sfterritory.web.digest import (
    changed_books,
    grouped_blocked,
    grouped_changes,
    history_fields,
    key_figures,
)
from sfterritory.web.wording import (
    BLOCKED_SYMBOL,
    NOBODY,
    ROLE_WORD,
    SYMBOL_OF,
    count,
    counted,
    instant,
    percent,
    scalar,
    visible,
    whole,
    written_value,
)
from sfterritory.writeback.freshness import expires_at

# GitHub refuses comments of 65,536 characters; the rest is for what a workflow puts around ours.
MAX_CHARACTERS = 60_000
ROOM_FOR_CHANGES = 2_000
MAX_REPS = 100
MAX_CAUSES = 20
# A workflow finds its earlier comment by this line and edits it instead of adding another.
MARKER = "<!-- sfterritory plan -->"

_ESCAPED = re.compile(r"([\\`*_{}\[\]()|~$])")
# Calls (@name), issues (#12), addresses (://, www.) and emoji (:tada:).
_LINKS = re.compile(r"(?<=[@#])|(?<=:)(?=//|\w+:)|(?<=www)(?=\.)", re.IGNORECASE)
_BREAK = "&#8203;"


def plan_markdown(plan: Plan, *, summary: str, seen_at: datetime) -> str:
    """Return the comment: summary, what to do, figures per rep, and the changes as a diff.

    Lines that would make it longer than `MAX_CHARACTERS` are left out, with a sentence that says
    how many.

    Args:
        plan: The plan to show.
        summary: Its frozen summary line.
        seen_at: When the org was last seen in the state that the plan was made from.
    """
    lines = [f"{line}\n" for line in _top(plan, summary, seen_at)]
    kept = _fitting(lines, room=MAX_CHARACTERS - ROOM_FOR_CHANGES)
    if kept < len(lines):
        left_out = counted(len(lines) - kept, "line")
        lines[kept:] = [f"\n{left_out} of this summary left out for its length.\n"]
    top = "".join(lines)
    return top + _changes_block(plan, room=MAX_CHARACTERS - len(top)) if plan.changes else top


def escaped(text: str) -> str:
    """Return text for a table cell or paragraph that GitHub shows as it is."""
    safe = _ESCAPED.sub(r"\\\1", _LINKS.sub("\u200b", visible(text)))
    entities = safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return entities.replace("\u200b", _BREAK)


def _top(plan: Plan, summary: str, seen_at: datetime) -> Iterator[str]:
    source = plan.source
    yield MARKER
    yield f"### {escaped(summary)}\n"
    yield (
        f"Org `{source.org_id}`, last seen {instant(seen_at)}, snapshot "
        f"{escaped(source.snapshot_id[:SHORT_HASH_LENGTH])}. "
        f"Expires {instant(expires_at(plan, seen_at))}.\n"
    )
    yield from _next_step(plan)
    if plan.changes:
        yield from _figures(plan)
        yield from _books(plan)
        yield from _history(plan)
    yield from _blocked(plan)
    for check in plan.checks:
        answer = "passed" if check.passed else "**FAILED**"
        yield f"- Check {escaped(check.name)}: {answer}, {_cut(check.detail, 300)}"
    yield ""


def _next_step(plan: Plan) -> Iterator[str]:
    if plan.applyable:
        yield (
            f"Next: a reviewer runs `sfterritory approve {plan.short_hash}`, "
            f"then anyone `sfterritory apply {plan.short_hash}`.\n"
        )
    elif plan.changes:
        yield "**This plan cannot be applied**: a check failed. Correct the cause and plan again.\n"


def _figures(plan: Plan) -> Iterator[str]:
    figures = key_figures(plan)
    hours, value = figures.hours_spread, figures.value_spread
    yield "| | moved | share | furthest book from the mean |"
    yield "|:--|--:|--:|--:|"
    yield (
        f"| Hours a year | {whole(figures.moved_hours_per_year)} | {percent(figures.hours_share)} "
        f"| {percent(hours.before)} → {percent(hours.after)} |"
    )
    yield (
        f"| Value (USD) | {whole(figures.moved_value_usd)} | {percent(figures.value_share)} "
        f"| {percent(value.before)} → {percent(value.after)} |\n"
    )


def _books(plan: Plan) -> Iterator[str]:
    books = changed_books(plan.totals)
    if not books:
        return
    yield "| Rep | Records | Gains | Loses | Hours a year | Value (USD) |"
    yield "|:--|--:|--:|--:|--:|--:|"
    for book in books[:MAX_REPS]:
        yield (
            f"| {_cut(book.name)} | {count(book.accounts_before)} → {count(book.accounts_after)} "
            f"| {count(book.gained)} | {count(book.lost)} "
            f"| {whole(book.hours_before)} → {whole(book.hours_after)} "
            f"| {whole(book.value_before_usd)} → {whole(book.value_after_usd)} |"
        )
    if len(books) > MAX_REPS:
        yield f"\nAnd {counted(len(books) - MAX_REPS, 'more rep')}."
    yield ""


def _history(plan: Plan) -> Iterator[str]:
    for field in history_fields(plan.changes):
        example = f"{_cut(scalar(field.example.before))} → {_cut(written_value(field.example))}"
        yield (
            f"- Also written: {escaped(field.object_name)}.{escaped(field.field)} "
            f"({ROLE_WORD[field.role]}) on {counted(field.records, 'record')}, "
            f"for example {example}"
        )
    yield ""


def _blocked(plan: Plan) -> Iterator[str]:
    shown = 0
    for group in grouped_blocked(plan.blocked)[:MAX_CAUSES]:
        shown += len(group.lines)
        name = _cut(group.lines[0].subject.name)
        yield (
            f"- `{BLOCKED_SYMBOL}` {counted(len(group.lines), 'record')} blocked: "
            f"{_cut(group.cause)} (for example {name})"
        )
    if shown < len(plan.blocked):
        yield f"- `{BLOCKED_SYMBOL}` {counted(len(plan.blocked) - shown, 'more record')} blocked"
    if plan.blocked:
        yield ""


def _changes_block(plan: Plan, *, room: int) -> str:
    start = f"<details><summary>{counted(len(plan.changes), 'change')}</summary>\n\n```diff\n"
    fence = "```\n\n</details>\n"
    lines = [
        _diff_line(change) for group in grouped_changes(plan.changes) for change in group.changes
    ]
    reserve = len(start) + len(fence) + len(_left_out(plan, len(lines)))
    kept = _fitting(lines, room=room - reserve)
    end = fence if kept == len(lines) else _left_out(plan, len(lines) - kept) + fence
    return start + "".join(lines[:kept]) + end


def _diff_line(change: OwnerChange) -> str:
    before = visible(change.before_name) or NOBODY
    return (
        f"{SYMBOL_OF[change.action]} {visible(change.subject.name)} ({change.key}): "
        f"{before} -> {visible(change.after_name)}; {visible(change.reason)} "
        f"[{visible(change.rule)}]\n"
    )


def _fitting(lines: Sequence[str], *, room: int) -> int:
    used = 0
    for number, line in enumerate(lines):
        used += len(line)
        if used > room:
            return number
    return len(lines)


def _left_out(plan: Plan, number: int) -> str:
    return (
        f"\n{counted(number, 'change')} left out of this comment for its length: "
        f"sfterritory show {plan.short_hash} --all\n"
    )


def _cut(text: str, limit: int = 60) -> str:
    """Return at most `limit` characters of a text, escaped."""
    return escaped(text if len(text) <= limit else text[: limit - 1] + "…")
