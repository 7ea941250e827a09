"""How an apply ended, per outcome and cause."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from sfterritory.cli.render.layout import plain_table, render_table
from sfterritory.cli.render.style import OUTCOME_STYLE
from sfterritory.model.plan import Applied, Outcome
from sfterritory.web.wording import BLOCKED_SYMBOL, OUTCOME_WORD, count

EXAMPLES = 3


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
