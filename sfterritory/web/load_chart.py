"""Load of every territory before and after, one drawing per demand.

Up to `MAX_ROWS` territories get a row each; more are counted in bins, so that two thousand are as
legible as twenty and the page stays small.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, nan

import numpy as np
from markupsafe import Markup

from sfterritory.model.columns import Floats
from sfterritory.pipeline.territory_metrics import DemandLoads
from sfterritory.web.chart_scale import Scale, bar, chart, dot, path, round_ticks, text
from sfterritory.web.wording import count, short_amount, visible, whole

MAX_ROWS = 40
WIDTH = 600.0
LABELS = 150.0
FIGURES = 118.0
ROW = 19.0
AXIS = 30.0
BIN = 0.05  # limits are mostly multiples of it
BINS_HEIGHT = 230.0
WIDEST_SHARE = 2.5
_SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class _Shares:
    """Loads and limits as parts of each territory's own target; NaN where that is nothing."""

    before: Floats
    after: Floats
    lo: Floats
    hi: Floats

    @property
    def outside(self) -> tuple[int, int]:
        """Return how many territories break a limit, before and after."""
        before, after = (
            int(np.count_nonzero((one < self.lo - _SLACK) | (one > self.hi + _SLACK)))
            for one in (self.before, self.after)
        )
        return before, after


def load_chart(
    loads: DemandLoads, names: Sequence[str], *, order: Sequence[int] | None = None
) -> Markup:
    """Return the drawing of one demand.

    Args:
        loads: Of every territory.
        names: Of the territories.
        order: The rows of the drawing from above, so that several drawings can be read together;
            the fullest before first by default.
    """
    shares = _shares(loads)
    known = ~np.isnan(shares.after)
    low, high = _range(shares)
    before, after = shares.outside
    rows = [row for row in order or fullest_first(loads) if known[row]]
    title = f"Load in {loads.name} of {count(len(names))} territories, before and after"
    told = (
        f"As parts of the fair part of each. Before: {_told(shares.before)}; {before} outside the "
        f"limits. After: {_told(shares.after)}; {after} outside the limits."
    )
    if len(rows) > MAX_ROWS:
        parts = list(_bins(shares, Scale(_floor(low), _floor(high + BIN), 44.0, WIDTH - 24.0)))
        height = BINS_HEIGHT + AXIS + 14
    else:
        x = Scale(low, high, LABELS + 8, WIDTH - FIGURES - 8)
        parts = list(_rows(loads, shares, names, rows=rows, x=x))
        height = len(rows) * ROW + AXIS
    return chart(parts, width=WIDTH, height=height, title=title, told=told)


def fullest_first(loads: DemandLoads) -> list[int]:
    """Return the territories in descending order of what their rep has today."""
    share = np.nan_to_num(_shares(loads).before)
    return sorted(range(len(share)), key=lambda row: (-share[row], row))


def _shares(loads: DemandLoads) -> _Shares:
    target = np.array(loads.target)
    part = np.where(target > 0, target, nan)
    hi = np.array([inf if most is None else most for most in loads.hi])
    return _Shares(
        np.array(loads.before) / part,
        np.array(loads.after) / part,
        np.array(loads.lo) / part,
        hi / part,
    )


def _range(shares: _Shares) -> tuple[float, float]:
    every = np.concatenate((shares.before, shares.after, [0.8, 1.2]))
    every = every[np.isfinite(every)]
    limits = shares.hi[np.isfinite(shares.hi)]
    high = max(float(every.max()), float(limits.max(initial=1.2)))
    return max(0.0, float(every.min()) - 0.05), min(high + 0.05, WIDEST_SHARE)


def _floor(share: float) -> float:
    return float(np.floor(share / BIN + _SLACK)) * BIN


def _told(share: Floats) -> str:
    known = share[~np.isnan(share)]
    if not len(known):
        return "nothing to compare"
    return f"{known.min():.0%} to {known.max():.0%}".replace("%", " %")


def _rows(
    loads: DemandLoads, shares: _Shares, names: Sequence[str], *, rows: list[int], x: Scale
) -> Iterator[Markup]:
    foot = len(rows) * ROW
    yield from _axis(x, foot)
    for spot, row in enumerate(rows):
        middle = spot * ROW + ROW / 2
        yield from _limits(shares, row, x=x, top=spot * ROW + 3)
        was, now = float(shares.before[row]), float(shares.after[row])
        figures = f"{_amount(loads.before[row])} → {_amount(loads.after[row])}{_unit(loads)}"
        told = f"{visible(names[row])}: {figures}"
        yield text(LABELS, middle + 4, _short(names[row]), css="end")
        yield path(f"M{x(was):.1f} {middle:.1f}H{x(now):.1f}", "link")
        yield _mark(x, was, middle, css="was", told=told)
        broken = now < shares.lo[row] - _SLACK or now > shares.hi[row] + _SLACK
        yield _mark(x, now, middle, css="is out" if broken else "is", told=told)
        yield text(WIDTH, middle + 4, figures, css="end dimmed")


def _mark(x: Scale, share: float, y: float, *, css: str, told: str) -> Markup:
    """Return a dot, or a pointer where the load lies beyond the drawing."""
    if share <= x.high:
        return dot(x(share), y, 3.4 if css == "was" else 4.2, css=css, told=told)
    edge = x(x.high)
    return Markup('<path class="{}" d="M{} {}l8 4.5l-8 4.5z"><title>{}</title></path>').format(
        css, f"{edge - 3:.1f}", f"{y - 4.5:.1f}", told
    )


def _limits(shares: _Shares, row: int, *, x: Scale, top: float) -> Iterator[Markup]:
    lo, hi = float(shares.lo[row]), float(shares.hi[row])
    if lo > 0 or hi < inf:
        yield bar((x(lo), top, x(hi) - x(lo), ROW - 6), css="band")


def _axis(x: Scale, foot: float) -> Iterator[Markup]:
    for share in round_ticks(x.low, x.high):
        css = "fair" if abs(share - 1) < _SLACK else "grid"
        yield path(f"M{x(share):.1f} 0V{foot + 4:.1f}", css)
        yield text(x(share), foot + 18, f"{share * 100:g} %", css="mid")
    yield text(x.end + 14, foot + 18, "of its fair part", css="dimmed")


def _bins(shares: _Shares, x: Scale) -> Iterator[Markup]:
    """Yield how many territories have which load: after the plan upwards, before downwards."""
    first, last = (round(share / BIN) for share in (x.low, x.high))
    edges = np.arange(first, last + 1) * BIN
    after, before = (
        np.histogram(_inwards(one[~np.isnan(one)]).clip(x.low, x.high), edges)[0]
        for one in (shares.after, shares.before)
    )
    middle = 12 + (BINS_HEIGHT - 12) * float(after.max()) / max(after.max() + before.max(), 1)
    up = Scale(0, after.max() or 1, middle, 12)
    down = Scale(0, before.max() or 1, middle, BINS_HEIGHT)
    lo, hi = float(np.nanmedian(shares.lo)), float(np.nanmedian(shares.hi))
    if lo > 0 or hi < inf:
        yield bar((x(lo), 8, x(hi) - x(lo), BINS_HEIGHT - 4), css="band")
    for spot in range(last - first):
        left, right = float(edges[spot]), float(edges[spot + 1])
        range_words = f"{left:.0%} to {right:.0%}".replace("%", " %")
        for css, number, scale in (("is", after[spot], up), ("was", before[spot], down)):
            if number:
                top, foot = sorted((scale(float(number)), middle))
                told = (
                    f"{count(int(number))} at {range_words} {'after' if css == 'is' else 'before'}"
                )
                yield bar(
                    (x(left) + 0.5, top, x(right) - x(left) - 1, foot - top), css=css, told=told
                )
    yield path(f"M{x.start:.1f} {middle:.1f}H{x.end:.1f}", "base")
    yield text(x.start - 6, 20, count(int(after.max())), css="end")
    yield text(x.start - 6, BINS_HEIGHT, count(int(before.max())), css="end")
    yield text(x.end, 20, "territories after", css="end")
    yield text(x.end, BINS_HEIGHT, "territories before", css="end dimmed")
    for share in round_ticks(x.low, x.high, most=8):
        yield text(x(share), BINS_HEIGHT + 20, f"{share * 100:g} %", css="mid")
    beyond = int(np.count_nonzero(np.nan_to_num(shares.before) > x.high))
    more = f"; {count(beyond)} before lie beyond the right edge" if beyond else ""
    yield text(
        x.start, BINS_HEIGHT + 38, f"load as a part of the own fair part{more}", css="dimmed"
    )


def _inwards(share: Floats) -> Floats:
    """Return loads moved a trifle towards 1: what stands on a limit belongs to the bin within."""
    return share + _SLACK * np.sign(1.0 - share)


def _short(name: str, *, most: int = 22) -> str:
    name = visible(name)
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _amount(amount: float) -> str:
    return whole(amount) if abs(amount) < 1e5 else short_amount(amount)


def _unit(loads: DemandLoads) -> str:
    return f" {loads.unit}" if loads.unit else ""
