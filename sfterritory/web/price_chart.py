"""The price of change: what each further moved account saves, with the knee marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sfterritory.pipeline.territory_metrics import PricePoint
from sfterritory.web.chart_scale import Scale, chart, dot, path, round_ticks, text
from sfterritory.web.wording import count, counted

WIDTH, HEIGHT = 600.0, 300.0
_LEFT, _RIGHT, _TOP, _FOOT = 56.0, 24.0, 18.0, 46.0


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One point of the curve as the table beside it says it.

    Attributes:
        saved_km_per_account: What one more moved account saved of the mean, since the point with
            fewer moves: metres of the mean distance; None for the first.
    """

    point: PricePoint
    saved_m_per_account: float | None


def price_lines(curve: Sequence[PricePoint]) -> list[PriceLine]:
    """Return the points in ascending order of moved accounts, each with its marginal gain."""
    ordered = sorted(curve, key=lambda one: (one.accounts_moved, -one.mean_km))
    lines: list[PriceLine] = []
    for spot, point in enumerate(ordered):
        fewer = ordered[spot - 1] if spot else None
        more = point.accounts_moved - fewer.accounts_moved if fewer else 0
        saved = (fewer.mean_km - point.mean_km) * 1000.0 / more if fewer and more else None
        lines.append(PriceLine(point, saved))
    return lines


def price_chart(curve: Sequence[PricePoint], *, here: tuple[int, float] | None = None) -> Markup:
    """Return the curve of mean distance over moved accounts.

    `here` are moved accounts and mean km of the plan itself, where it is no point of the curve.
    """
    points = [line.point for line in price_lines(curve)]
    moved = [point.accounts_moved for point in points]
    far = [point.mean_km for point in points]
    if here is not None:
        moved, far = [*moved, here[0]], [*far, here[1]]
    spread = max(far) - min(far) or max(far) * 0.1 or 1.0
    x = Scale(0, max(moved) or 1, _LEFT, WIDTH - _RIGHT)
    y = Scale(min(far) - 0.12 * spread, max(far) + 0.12 * spread, HEIGHT - _FOOT, _TOP)
    line = "M" + "L".join(
        f"{x(point.accounts_moved):.1f} {y(point.mean_km):.1f}" for point in points
    )
    parts = [*_axes(x, y), path(line, "curve"), *_points(points, x, y)]
    if here is not None:
        parts += _here(here, x, y)
    return chart(
        parts,
        width=WIDTH,
        height=HEIGHT,
        title="Price of change: mean distance over moved accounts",
        told=f"From {_at(points[0])} to {_at(points[-1])}. The table beside it has every point.",
    )


def _at(point: PricePoint) -> str:
    moved = counted(point.accounts_moved, "moved account")
    return f"{moved} at a mean of {point.mean_km:,.1f} km"


def _here(here: tuple[int, float], x: Scale, y: Scale) -> list[Markup]:
    told = f"this plan: {counted(here[0], 'account')} moved, {here[1]:,.1f} km"
    spot = (x(here[0]), y(here[1]))
    return [
        dot(*spot, 5, css="is", told=told),
        text(spot[0], spot[1] - 11, "this plan", css="strong middle"),
    ]


def _axes(x: Scale, y: Scale) -> Iterator[Markup]:
    for km in round_ticks(y.low, y.high, most=5):
        yield path(f"M{x.start:.1f} {y(km):.1f}H{x.end:.1f}", "grid")
        yield text(x.start - 6, y(km) + 4, f"{km:,g}", css="end")
    for moved in round_ticks(x.low, x.high):
        if moved == int(moved):
            yield text(x(moved), HEIGHT - _FOOT + 18, count(int(moved)), css="mid")
    yield text(x.start - 50, 10, "km to the centre, mean", css="dimmed")
    yield text(x.end, HEIGHT - 8, "accounts that change owner", css="end dimmed")


def _points(points: Sequence[PricePoint], x: Scale, y: Scale) -> Iterator[Markup]:
    for point in points:
        told = (
            f"{counted(point.accounts_moved, 'account')} moved, {point.mean_km:,.1f} km; an hour "
            f"had to save {point.price_km:,g} km"
        )
        spot = (x(point.accounts_moved), y(point.mean_km))
        if point.knee:
            yield dot(*spot, 9, css="knee", told=told)
        yield dot(*spot, 5 if point.chosen else 3.4, css="is" if point.chosen else "pt", told=told)
        words = [word for word, said in (("knee", point.knee), ("this plan", point.chosen)) if said]
        if words:
            right = spot[0] > x.end - 90
            place = spot[0] - 14 if right else spot[0] + 14
            yield text(
                place, spot[1] - 8, ", ".join(words), css="strong end" if right else "strong"
            )
