from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfterritory.optimize.cadence import ProposalParams, steps_below
from sfterritory.optimize.proposal import (
    AdjustmentCause,
    AdjustmentKind,
    Adjustments,
    CallBook,
    propose,
)

PARAMS = ProposalParams(worth_share=0.0)
SLACK = 0.011


def book(
    *,
    territory: list[int],
    service: list[float],
    travel: list[float] | None = None,
    calls: list[float] | None = None,
    value: list[float] | None = None,
    neighbour: list[int] | None = None,
) -> CallBook:
    n = len(territory)
    hours = np.array(service) + np.array(travel or [0.0] * n)
    return CallBook(
        ids=np.array([f"{row:018d}" for row in range(n)]),
        territory=np.array(territory, dtype=np.int32),
        service_hours=np.array(service, dtype=np.float64),
        travel_hours=np.array(travel or [0.0] * n, dtype=np.float64),
        calls_per_year=np.array(calls or [12.0] * n, dtype=np.float64),
        value_usd=np.array(value or [100.0] * n, dtype=np.float64),
        settled=np.zeros(n, dtype=np.bool_),
        movable=np.array([other >= 0 for other in neighbour or [-1] * n], dtype=np.bool_),
        neighbour=np.array(neighbour or [-1] * n, dtype=np.int32),
        neighbour_hours=hours,
    )


def asked(accounts: CallBook, *capacity: float, params: ProposalParams = PARAMS) -> Adjustments:
    return propose(accounts, np.array(capacity), params=params, loss_share=0.15)


@st.composite
def any_book(draw: st.DrawFn) -> tuple[CallBook, list[float]]:
    n, k = draw(st.integers(1, 12)), draw(st.integers(1, 3))
    row = st.integers(-1, k - 1)
    amounts = st.lists(st.floats(0, 40), min_size=n, max_size=n)
    accounts = book(
        territory=draw(st.lists(row, min_size=n, max_size=n)),
        service=draw(amounts),
        travel=draw(amounts),
        calls=draw(st.lists(st.sampled_from([0.0, 1.0, 5.0, 12.0, 52.0]), min_size=n, max_size=n)),
        value=draw(st.lists(st.sampled_from([0.0, 10.0, 1e6]), min_size=n, max_size=n)),
        neighbour=draw(st.lists(row, min_size=n, max_size=n)),
    )
    return accounts, draw(st.lists(st.floats(0, 200), min_size=k, max_size=k))


def hours_after(accounts: CallBook, found: Adjustments, *, without: int = -1) -> np.ndarray:
    """Return each territory's hours once the adjustments are made, one of them left out."""
    k = len(found.territories)
    inside = accounts.territory >= 0
    load = np.bincount(accounts.territory[inside], weights=accounts.hours[inside], minlength=k)
    for at, one in enumerate(found.items):
        if at != without:
            load[one.territory] -= one.hours_saved
            if one.kind is AdjustmentKind.GIVE:
                load[one.to_territory] += accounts.neighbour_hours[one.row]
    return load


@given(any_book())
def test_every_territory_fits_or_says_what_is_missing_and_no_other_one_is_overfilled(
    drawn: tuple[CallBook, list[float]],
) -> None:
    accounts, capacity = drawn

    found = asked(accounts, *capacity)

    after = hours_after(accounts, found)
    for fit, hours in zip(found.territories, after, strict=True):
        assert hours <= fit.capacity_hours + fit.hours_missing + SLACK
    assert len({one.row for one in found.items}) == len(found.items)


@given(any_book())
def test_no_adjustment_of_a_territory_that_fits_can_be_left_out(
    drawn: tuple[CallBook, list[float]],
) -> None:
    accounts, capacity = drawn

    found = asked(accounts, *capacity)

    for at, one in enumerate(found.items):
        fit = found.territories[one.territory]
        if fit.hours_missing == 0:
            without = hours_after(accounts, found, without=at)[one.territory]
            assert without > fit.capacity_hours


@given(any_book())
def test_a_cut_keeps_to_the_ladder_and_never_below_what_an_account_keeps_at_least(
    drawn: tuple[CallBook, list[float]],
) -> None:
    accounts, capacity = drawn

    for one in asked(accounts, *capacity).items:
        if one.kind is AdjustmentKind.CADENCE:
            assert one.calls_after in PARAMS.ladder
            assert max(1.0, one.calls_before / 2) <= one.calls_after < one.calls_before
            share = 1 - one.calls_after / one.calls_before
            assert one.hours_saved == pytest.approx(share * accounts.hours[one.row])


def test_what_costs_least_value_an_hour_goes_first_and_no_further_than_needed() -> None:
    accounts = book(territory=[0, 0, 0], service=[12, 12, 12], value=[900, 100, 500])

    (one,) = asked(accounts, 33.0).items

    assert (one.row, one.calls_before, one.calls_after) == (1, 12.0, 8.0)
    assert one.hours_saved == pytest.approx(4.0)
    assert one.cause is AdjustmentCause.OVER_CAPACITY


def test_an_account_goes_to_a_neighbour_only_while_there_is_room() -> None:
    accounts = book(territory=[0, 0, 0, 1], service=[10, 10, 10, 10], neighbour=[1, 1, 1, -1])

    with_room = asked(accounts, 20.0, 20.0).items
    without = asked(accounts, 20.0, 19.0).items

    assert [(one.kind, one.to_territory) for one in with_room] == [(AdjustmentKind.GIVE, 1)]
    assert {one.kind for one in without} == {AdjustmentKind.CADENCE}


def test_an_account_that_may_not_move_stays() -> None:
    accounts = book(territory=[0, 1], service=[10, 10], neighbour=[1, -1])
    locked = replace(accounts, movable=np.zeros(2, dtype=np.bool_))

    assert {one.kind for one in asked(locked, 8.0, 50.0).items} == {AdjustmentKind.CADENCE}


def test_what_cannot_be_reached_is_said_in_hours() -> None:
    accounts = book(territory=[0, 0], service=[10, 10])

    found = asked(accounts, 4.0)

    assert [one.calls_after for one in found.items] == [6.0, 6.0]
    assert found.territories[0].hours_missing == pytest.approx(6.0)


def test_mostly_travel_for_little_value_is_proposed_even_where_hours_fit() -> None:
    accounts = book(
        territory=[0, 0, 0],
        service=[10, 2, 2],
        travel=[0, 8, 8],
        value=[10_000, 1_000, 0],
    )
    params = ProposalParams(worth_share=0.5)

    (one,) = asked(accounts, 100.0, params=params).items

    # The third account's value is not known: nothing can be said of it.
    assert (one.row, one.cause) == (1, AdjustmentCause.TRAVEL)
    assert one.calls_after == 6.0


def test_an_account_that_somebody_adjusted_since_is_left_alone() -> None:
    accounts = book(territory=[0, 0], service=[10, 10], value=[1, 1000])
    settled = replace(accounts, settled=np.array([True, False]))

    assert [one.row for one in asked(settled, 18.0).items] == [1]


def test_steps_stop_at_what_an_account_keeps() -> None:
    assert steps_below(12.0, params=PARAMS) == (10.0, 8.0, 6.0)
    assert steps_below(1.0, params=PARAMS) == ()
    assert steps_below(0.0, params=PARAMS) == ()
