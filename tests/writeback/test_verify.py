from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from factories import ANN, BEN

from sfterritory.model.document import Scalar
from sfterritory.writeback.verify import parse_instant, salesforce_instant, same_value


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("2026-05-01T07:25:37.000Z", "2026-05-01T07:25:37.000+0000", True, id="zone"),
        pytest.param(
            "2026-05-01T07:25:37.000Z", "2026-05-01T07:25:38.000+0000", False, id="second"
        ),
        pytest.param(ANN, ANN[:15], True, id="15 and 18 characters"),
        pytest.param(ANN, BEN[:15], False, id="another id"),
        pytest.param("", None, True, id="empty text is null"),
        pytest.param(" north ", "north", True, id="blanks are trimmed"),
        pytest.param("North", "north", False, id="case counts"),
        pytest.param(1, 1.0, True, id="numbers"),
        pytest.param(0, None, False, id="zero is a value"),
        pytest.param(True, 1, False, id="a check box is no number"),
        pytest.param("1", 1, False, id="text is no number"),
    ],
)
def test_values_are_compared_as_salesforce_keeps_them(
    one: Scalar, other: Scalar, *, same: bool
) -> None:
    assert same_value(one, other) is same
    assert same_value(other, one) is same


def test_an_instant_is_sent_in_utc_and_whole_seconds() -> None:
    moment = datetime(2026, 5, 1, 9, 25, 37, 999_999, tzinfo=timezone(timedelta(hours=2)))

    assert salesforce_instant(moment) == "2026-05-01T07:25:37.000Z"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="is not an instant"):
        parse_instant("2026-05-01T07:25:37")
