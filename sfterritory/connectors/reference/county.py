"""Counties of US postal codes, out of the package `zipcodes` (GeoNames, CC BY 4.0)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import zipcodes

from sfterritory.connectors.reference.derived import derived_name, read_derived, write_derived

_FORMAT = 1


def load_counties(*, cache: Path | None = None) -> Mapping[str, str]:
    """Return `US-CA Ventura County` by five-digit postal code; codes without a county are absent.

    A postal code that lies in several counties is told with the one that the package names.

    Args:
        cache: Directory of derived files; with it the package is read only the first time.
    """
    if cache is None:
        return _read_package()
    path = cache / derived_name("counties", ".json", format_number=_FORMAT, packages=("zipcodes",))
    kept = read_derived(path, _kept)
    if kept is not None:
        return kept
    counties = _read_package()
    write_derived(path, json.dumps(counties, ensure_ascii=False).encode())
    return counties


def _kept(content: bytes) -> Mapping[str, str]:
    rows = json.loads(content)
    if not rows or not all(isinstance(name, str) for name in rows.values()):
        raise ValueError("no counties by postal code")
    counties: Mapping[str, str] = rows
    return counties


def _read_package() -> dict[str, str]:
    found: dict[str, str] = {}
    for number in range(100):
        entries: list[dict[str, Any]] = zipcodes.similar_to(f"{number:02d}")  # type: ignore[no-untyped-call] # the package's wrapper bears no types
        for entry in entries:
            if entry["county"]:
                found[str(entry["zip_code"])] = f"US-{entry['state']} {entry['county']}"
    return found
