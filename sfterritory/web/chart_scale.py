"""What every chart is drawn with: a scale from amounts to pixels, round ticks, and the frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup

from sfterritory.web.wording import visible

_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight line from amounts to pixels; `start` may lie right of or below `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, amount: float) -> float:
        """Return the pixel of an amount; amounts outside are put on the edge."""
        inside = min(max(amount, self.low), self.high)
        span = self.high - self.low or 1.0
        return self.start + (inside - self.low) / span * (self.end - self.start)


def round_ticks(low: float, high: float, *, most: int = 6) -> list[float]:
    """Return at most `most` round amounts within a range, evenly apart."""
    if not high > low:
        return [low]
    raw = (high - low) / max(most - 1, 1)
    power = 10.0 ** floor(log10(raw))
    step = next(one * power for one in _ROUND if one * power >= raw * (1 - 1e-9))
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def chart(parts: Iterable[Markup], *, width: float, height: float, title: str, told: str) -> Markup:
    """Return a drawing that a screen reader can tell: its title, and what it shows."""
    return Markup(
        '<svg class="chart" role="img" viewBox="0 0 {} {}" xmlns="http://www.w3.org/2000/svg">'
        "<title>{}</title><desc>{}</desc>{}</svg>"
    ).format(f"{width:g}", f"{height:g}", visible(title), visible(told), Markup("").join(parts))


def text(x: float, y: float, words: str, *, css: str = "") -> Markup:
    """Return words at a place; `css` names classes: `end` and `mid` set where the place is."""
    return Markup('<text x="{}" y="{}"{}>{}</text>').format(
        f"{x:.1f}", f"{y:.1f}", Markup(' class="{}"').format(css) if css else "", visible(words)
    )


def path(d: str, css: str) -> Markup:
    """Return a line."""
    return Markup('<path class="{}" d="{}"/>').format(css, d)


def dot(x: float, y: float, radius: float, *, css: str, told: str = "") -> Markup:
    """Return a dot, with words for who points at it."""
    return Markup('<circle class="{}" cx="{}" cy="{}" r="{}">{}</circle>').format(
        css,
        f"{x:.1f}",
        f"{y:.1f}",
        f"{radius:g}",
        Markup("<title>{}</title>").format(visible(told)) if told else "",
    )


def bar(box: tuple[float, float, float, float], *, css: str, told: str = "") -> Markup:
    """Return a rectangle: left, top, width, height."""
    x, y, width, height = box
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}">{}</rect>').format(
        css,
        f"{x:.1f}",
        f"{y:.1f}",
        f"{max(width, 0):.1f}",
        f"{max(height, 0):.1f}",
        Markup("<title>{}</title>").format(visible(told)) if told else "",
    )
