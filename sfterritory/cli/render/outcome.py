"""How an apply ended, per outcome and cause."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from sfterritory.cli.render.layout import plain_table, render_table
from sfterritory.cli.render.style import OUTCOME_STYLE
from sfterritory.model.plan import Applied, Outcome
from sfterritory.web.wording import BLOCKED_SYMBOL, NOBODY, OUTCOME_WORD, count
from sfterritory.writeback.side_effect import MovedChild, SideEffects

EXAMPLES = 3
LISTED = 20


def render_applied(applied: Sequence[Applied], *, summary: str, console: Console) -> None:
    """Print how the changes ended, with the causes of those that did not, and the summary line."""
    counts = Counter(line.outcome for line in applied)
    table = plain_table(("", "Outcome", "Records"), right=(2,))
    for outcome in Outcome:
        if counts[outcome]:
            style = OUTCOME_STYLE[outcome]
            sign = "+" if outcome in (Outcome.DONE, Outcome.ALREADY_DONE) else BLOCKED_SYMBOL
            table.add_row(Text(sign, style=style), OUTCOME_WORD[outcome], count(counts[outcome]))
    if applied:
        console.print(table)
    causes = _causes(applied)
    if causes:
        render_table("Causes", ("Records", "Cause", "For example"), causes, console=console)
    console.print()
    console.print(Text(summary, style="bold"))


def _causes(applied: Iterable[Applied]) -> list[tuple[int, str, str]]:
    """Return count, cause and examples of what was not written, the commonest first."""
    keys_of: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for line in applied:
        if line.outcome not in (Outcome.DONE, Outcome.ALREADY_DONE):
            keys_of[OUTCOME_WORD[line.outcome], line.code, line.message].append(line.key)
    ranked = sorted(keys_of.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        (
            len(keys),
            ": ".join(part for part in cause if part),
            ", ".join(keys[:EXAMPLES]) + (" ..." if len(keys) > EXAMPLES else ""),
        )
        for cause, keys in ranked
    ]


def render_side_effects(effects: SideEffects, *, console: Console) -> None:
    """Print what Salesforce changed along with the accounts; nothing where it changed nothing."""
    followed = [child for child in effects.children if child.followed]
    others = [child for child in effects.children if not child.followed]
    if followed:
        _render_children("Changed by Salesforce along with the account", followed, console=console)
    if effects.teams:
        render_table(
            "Account teams changed along with the account",
            ("Account", "Members before", "Members after"),
            [(team.account_id, team.before, team.after) for team in effects.teams[:LISTED]],
            console=console,
        )
        _render_rest(len(effects.teams), console=console)
    if others:
        _render_children("Changed by somebody else since the pull", others, console=console)


def _render_children(title: str, children: Sequence[MovedChild], *, console: Console) -> None:
    columns = ("Record", "Account", "Owner when pulled", "Owner now")
    rows = [
        (
            f"{child.object_name}:{child.record_id}",
            child.account_id,
            child.before or NOBODY,
            child.after or NOBODY,
        )
        for child in children[:LISTED]
    ]
    render_table(f"{title}: {count(len(children))}", columns, rows, console=console)
    _render_rest(len(children), console=console)


def _render_rest(number: int, *, console: Console) -> None:
    if number > LISTED:
        console.print(f"  ... and {count(number - LISTED)} more; --json lists all")
