"""First feasible, then better: what each stage costs, over what no plan can go below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from sfterritory.pipeline.territory_metrics import StoredBound, StoredStage
from sfterritory.web.chart_scale import Scale, bar, chart, path, text
from sfterritory.web.wording import counted, percent, short_amount

WIDTH = 600.0
_LABELS, _FIGURES, _ROW, _FOOT = 92.0, 204.0, 34.0, 48.0
_WORD_OF = {"today": "today", "feasible": "feasible", "improved": "improved"}


def stage_chart(stages: Sequence[StoredStage], bound: StoredBound | None) -> Markup | None:
    """Return a bar for each stage; None where a stage has no cost.

    The cost is hours times kilometres to the centre, plus the price of each change of owner.
    """
    costs = [stage.objective for stage in stages if stage.objective is not None]
    if len(costs) < len(stages) or not costs:
        return None
    x = Scale(0, max(costs) or 1.0, _LABELS + 8, WIDTH - _FIGURES)
    foot = len(stages) * _ROW
    told = "; ".join(
        f"{stage.name}: {short_amount(cost)}, {counted(stage.territories_outside, 'territory')}"
        " outside the limits".replace("territorys", "territories")
        for stage, cost in zip(stages, costs, strict=True)
    )
    limit = (
        f". No plan within the limits can go below {short_amount(bound.lower_bound)}"
        if bound
        else ""
    )
    return chart(
        [*_bars(stages, costs, x), *(_bound(bound, x, foot) if bound else ())],
        width=WIDTH,
        height=foot + _FOOT,
        title="Cost of today, of the first plan within the limits, and of the improved one",
        told=told + limit,
    )


def _bars(stages: Sequence[StoredStage], costs: Sequence[float], x: Scale) -> Iterator[Markup]:
    for spot, (stage, cost) in enumerate(zip(stages, costs, strict=True)):
        top = spot * _ROW + 6
        css = "was" if stage.name == "today" else "is"
        yield text(_LABELS, top + 16, _WORD_OF.get(stage.name, stage.name), css="end")
        yield bar((x.start, top, x(cost) - x.start, _ROW - 12), css=css)
        outside = stage.territories_outside
        kept = "limits kept" if outside == 0 else f"{outside:,} outside limits"
        yield text(
            WIDTH,
            top + 16,
            f"{stage.mean_km:,.1f} km mean, {kept}",
            css="end" if outside == 0 else "end stop",
        )


def _bound(bound: StoredBound, x: Scale, foot: float) -> Iterator[Markup]:
    place = x(max(bound.lower_bound, 0.0))
    yield path(f"M{place:.1f} 0V{foot + 6:.1f}", "bound")
    yield text(x.start, foot + 22, "Line: proven bound. No plan within the limits costs less.")
    if bound.gap_share is not None:
        words = f"The improved plan costs at most {_gap(bound.gap_share)} more than that."
        yield text(x.start, foot + 38, words, css="dimmed")


def _gap(share: float) -> str:
    return f"{share:.2%}".replace("%", " %") if share < 0.01 else percent(share)
