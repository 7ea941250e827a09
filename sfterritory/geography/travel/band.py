"""Bands of distance: the estimate errs and is corrected differently near and far."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Floats

# Kilometres as the crow flies; the last band has no end.
BAND_FROM_KM: Final = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
_MIDDLE_KM: Final = (0.5, 1.4, 3.2, 7.1, 14.1, 31.6, 80.0)


def band_of(crow_km: Floats) -> NDArray[np.intp]:
    """Return the number of the band of each distance."""
    return np.searchsorted(BAND_FROM_KM, crow_km, side="right") - 1


def band_name(band: int) -> str:
    """Return a band as people write it: `2-5 km`, `50 km and more`."""
    if band == len(BAND_FROM_KM) - 1:
        return f"{BAND_FROM_KM[band]:g} km and more"
    return f"{BAND_FROM_KM[band]:g}-{BAND_FROM_KM[band + 1]:g} km"


def factor_at(crow_km: Floats, factors: tuple[float, ...]) -> Floats:
    """Return the factor at each distance: one for all, or one a band, joined without steps.

    Between the middles of two bands the factor changes with the logarithm of the distance, so that
    two neighbours on either side of a limit are not torn apart.
    """
    if len(factors) == 1:
        return np.full(np.shape(crow_km), factors[0])
    at = np.log(np.maximum(crow_km, _MIDDLE_KM[0]))
    factor: Floats = np.interp(at, np.log(_MIDDLE_KM), factors)
    return factor
