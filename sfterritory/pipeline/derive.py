"""Derive reference data in a process of its own: `python -m sfterritory.pipeline.derive FOLDER`.

Reading the packages takes 130 MB, once a project. A process that ends gives them back for certain;
within a pull they would stay, beside the pull's own.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sfterritory.connectors.reference.country_facts import load_country_facts
from sfterritory.connectors.reference.gazetteer import load_gazetteer
from sfterritory.connectors.reference.place_index import with_overseas


def derive_country_facts(cache: Path) -> None:
    """Have the facts of all countries derived, unless they are there."""
    if not any(cache.glob("countries-*.json")):
        _derive(cache)


def derive_places(countries: Sequence[str], cache: Path) -> None:
    """Have the places of some countries derived, unless they are there."""
    wanted = with_overseas(countries)
    missing = [code for code in wanted if not any(cache.glob(f"places-{code}-*.npz"))]
    if missing:
        _derive(cache, *missing)


def _derive(cache: Path, *countries: str) -> None:
    # Unchecked: whoever loads the data next derives what is missing, and meets the same cause.
    subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", __name__, str(cache), *countries], capture_output=True, check=False
    )


def main(words: Sequence[str]) -> None:
    """Derive the places of the countries named after the folder; country facts if none is."""
    cache, countries = Path(words[0]), words[1:]
    if countries:
        load_gazetteer(countries, cache=cache)
    else:
        load_country_facts(cache=cache)


if __name__ == "__main__":
    main(sys.argv[1:])
