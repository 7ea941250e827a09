from __future__ import annotations

import pytest
from pydantic import ValidationError

from sfterritory.connectors.road.params import TravelParams
from sfterritory.connectors.road.server import is_loopback
from sfterritory.geography.travel.band import BAND_FROM_KM


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param({"provider": "osrm"}, "provider osrm needs url", id="no url"),
        pytest.param({"provider": "file"}, "provider file needs path", id="no path"),
        pytest.param({"url": "http://a:1"}, "does not use it", id="a url for nobody"),
        pytest.param({"calibration": [1.0, 1.1]}, "2 factors; give one, or 7", id="two factors"),
        pytest.param({"calibration": [1, 1, 1, 1, 1, 1, 20]}, "20 is not between", id="20 times"),
        pytest.param(
            {"provider": "osrm", "url": "http://a:1", "block_places": 2_001},
            "at most 2,000",
            id="an address that would be too long",
        ),
        pytest.param({"profile": "car?x=1"}, "profile", id="a profile that asks for more"),
    ],
)
def test_settings_that_cannot_work_are_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        TravelParams.model_validate(given)


def test_a_calibration_is_one_factor_or_one_for_each_band() -> None:
    assert TravelParams(calibration=1.2).factors == (1.2,)
    assert len(TravelParams(calibration=(1.0,) * len(BAND_FROM_KM)).factors) == len(BAND_FROM_KM)


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("10.0.0.5", False), ("osrm", False)],
)
def test_only_this_machine_may_be_asked_several_times_at_once(host: str, *, local: bool) -> None:
    assert is_loopback(host) is local
