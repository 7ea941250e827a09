"""Rounds of centres, and the exchange that brings a last rep into its band."""

from __future__ import annotations

import numpy as np

from sfterritory.model.sphere import Vectors, km_between
from sfterritory.optimize.engine.answer import Start
from sfterritory.optimize.engine.candidate import Arcs
from sfterritory.optimize.engine.centre import start_centres
from sfterritory.optimize.engine.desk import make_desk, outside, set_prices
from sfterritory.optimize.engine.lloyd import CLOSE_LOOK, moved_centres
from sfterritory.optimize.engine.mend import mend
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.engine.solve import make_book

from .books import book


def test_one_exchange_of_distant_rows_brings_a_rep_into_its_band() -> None:
    hours = np.array([5.0, 3.0, 4.0, 3.9])
    rep, row = np.tile(np.array([0, 1], np.int32), 4), np.repeat(np.arange(4, dtype=np.int32), 2)
    cost_km = np.array([1.0, 9.0, 1.0, 50.0, 9.0, 1.0, 50.0, 1.0])
    arcs = Arcs(np.arange(0, 9, 2), rep, cost_km, row)
    band = (np.zeros((2, 1)), np.array([[7.5], [9.0]]))
    desk = make_desk(arcs, hours, amounts=hours[:, None], band=band, at=np.array([0, 2, 5, 7]))
    set_prices(desk.bands, np.zeros(2), np.array([1e6]))

    assert mend(desk, np.array([0])) == 1

    assert rep[desk.at].tolist() == [1, 0, 0, 1]
    assert outside(desk.bands).max() == 0.0


def _travel_km(problem: Problem, centres: Vectors) -> float:
    km = km_between(problem.vectors[:, None, :], centres[None, :, :]).min(axis=1)
    return float((km * problem.hours).sum())


def test_rounds_shorten_travel_and_leave_homes_where_they_are() -> None:
    problem = book(600, 6, seed=5, fixed=False, churn_price_km=0.0)
    problem.homes[2] = problem.vectors[17]
    made = make_book(problem)
    assert made is not None
    begin = Start(start_centres(made.rows, problem.homes, problem.terms), np.zeros(6))
    target = problem.hours.sum() / 6

    found = moved_centres(
        made.rows,
        made.blocks,
        begin,
        terms=problem.terms,
        bands=[(np.full(6, 0.5 * target), np.full(6, 1.5 * target))] * 6,
        free=problem.free_centre,
        pace=CLOSE_LOOK,
    )

    assert np.array_equal(found.centres[2], problem.vectors[17])
    assert np.allclose(np.linalg.norm(found.centres, axis=1), 1.0)
    assert _travel_km(problem, found.centres) < _travel_km(problem, begin.centres)
