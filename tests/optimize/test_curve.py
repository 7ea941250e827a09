from __future__ import annotations

import numpy as np
import pytest

from sfterritory.optimize.curve import price_curve
from sfterritory.optimize.territories import build_territories

from .asked import ask, city_book


def test_points_are_undominated_and_the_knee_is_farthest_from_the_chord() -> None:
    accounts, roster, hours, lock = city_book(400, 6, seed=3)
    request = ask(accounts, roster, hours=hours, lock=lock)

    curve = price_curve(request, build_territories(request))

    moved = [point.accounts_moved for point in curve.points]
    km = [point.mean_km for point in curve.points]
    assert len(moved) >= 3
    assert moved == sorted(set(moved))
    assert km == sorted(set(km), reverse=True)
    assert all(point.territories_outside == 0 for point in curve.points)
    across = (np.array(moved) - moved[0]) / (moved[-1] - moved[0])
    below = 1.0 - across - (np.array(km) - km[-1]) / (km[0] - km[-1])
    assert curve.knee is curve.points[int(np.argmax(below))]
    first, second = curve.points[:2]
    saved = (first.mean_km - second.mean_km) * hours.sum()
    assert second.saved_km_hours_per_move == pytest.approx(
        saved / (second.accounts_moved - first.accounts_moved)
    )


def test_at_the_price_of_the_plan_the_point_is_the_plan() -> None:
    accounts, roster, hours, lock = city_book(300, 5, seed=4)
    request = ask(accounts, roster, hours=hours, lock=lock)
    plan = build_territories(request)
    own = float(request.churn_km[accounts.rep >= 0].mean())

    (point,) = price_curve(request, plan, prices_km=[own]).points

    assert point.price_km == pytest.approx(own)
    assert point.accounts_moved == int(plan.moved.sum())
    mean_km = float((plan.hours * plan.km).sum() / plan.hours.sum())
    assert point.mean_km == pytest.approx(mean_km)
    assert point.value_moved_usd == pytest.approx(accounts.value_usd[plan.moved].sum())


def test_money_at_risk_is_the_loss_share_of_what_moves() -> None:
    accounts, roster, hours, lock = city_book()
    request = ask(accounts, roster, hours=hours, lock=lock)
    plan = build_territories(request)

    curve = price_curve(request, plan, prices_km=[30.0], loss_share=0.18)

    (point,) = curve.points
    assert point.value_moved_usd == pytest.approx(accounts.value_usd[plan.moved].sum(), rel=0.05)
    assert point.risk_usd == pytest.approx(0.18 * point.value_moved_usd)
    assert curve.knee is None


def test_prices_and_loss_shares_out_of_range_are_refused() -> None:
    accounts, roster, hours, _ = city_book(60, 3)
    request = ask(accounts, roster, hours=hours)
    plan = build_territories(request)

    with pytest.raises(ValueError, match="prices of change are"):
        price_curve(request, plan, prices_km=[-1.0])
    with pytest.raises(ValueError, match="loss_share is 2"):
        price_curve(request, plan, loss_share=2.0)
