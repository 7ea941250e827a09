from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sfterritory.optimize.params import Mode
from sfterritory.optimize.territories import build_territories

from .asked import ask, city_book


@example(seed=997, mode=Mode.GREENFIELD, homes=False)
@given(seed=st.integers(0, 10_000), mode=st.sampled_from(Mode), homes=st.booleans())
@settings(max_examples=15, deadline=None)
def test_improvement_breaks_no_limit_that_the_first_answer_kept_and_makes_it_no_dearer(
    seed: int, mode: Mode, *, homes: bool
) -> None:
    accounts, roster, hours, lock = city_book(150, 4, seed=seed, homes=homes)
    request = ask(accounts, roster, hours=hours, lock=lock, mode=mode, tolerance=0.1)

    plan = build_territories(request)

    today, feasible, improved = plan.stages
    assert (today.name, feasible.name, improved.name) == ("today", "feasible", "improved")
    assert improved.objective == pytest.approx(plan.objective)
    if plan.feasible:
        assert feasible.territories_outside == improved.territories_outside == 0
        assert plan.lower_bound <= improved.objective * (1 + 1e-9)
        assert improved.objective <= feasible.objective * (1 + 1e-9)


def test_free_centres_are_settled_after_the_first_answer_within_the_limits() -> None:
    accounts, roster, hours, lock = city_book(600, 8, seed=2, homes=False)

    plan = build_territories(ask(accounts, roster, hours=hours, lock=lock, mode=Mode.GREENFIELD))

    _, feasible, improved = plan.stages
    assert improved.objective < feasible.objective
    assert improved.accounts_moved == int(plan.moved.sum())
    km = float((hours * plan.km).sum() / np.sum(hours))
    assert improved.mean_km == pytest.approx(km)
