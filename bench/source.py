"""Where the benchmarks get their records from: real files, or made ones of the same size."""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import zipcodes

REAL = Path(__file__).parent.parent.parent / "shared" / "data" / "accounts"
STORES, LEADS = REAL / "us_stores.csv.gz", REAL / "listed_company_leads.csv.gz"
ACCOUNT_COUNT, LEAD_COUNT, REP_COUNT = 79_418, 6_401, 200
_COLUMNS = "row,brand,store_id,name,street,city,state,zip,country,phone,latitude,longitude"
_LEAD_COLUMNS = "lead_id,lead_name,lead_country"
_FIRST = """
    Ada Bela Cleo Dara Edda Fern Gale Hana Ines Juno
    Kaia Lena Mira Nola Opal Pia Runa Sela Tova Vera
"""
_LAST = "Ashdown Birchley Coldwell Dunmore Eastlake Fairgate Glenholm Harrowby Inkfield Jarrow"
# Where the map starts and ends; towns beyond it have neighbours nowhere.
_MAINLAND = {"AK", "HI", "PR", "GU", "VI", "AS", "MP", "FM", "MH", "PW", "AE", "AP", "AA"}


@dataclass(frozen=True, slots=True)
class Source:
    """Files to load into an org."""

    accounts: Path
    leads: Path
    users: Path
    real: bool


def has_real_files() -> bool:
    """Return whether the real files lie where they are looked for."""
    return STORES.exists() and LEADS.exists()


def real_source(folder: Path, *, coordinates: bool = True, reps: int = REP_COUNT) -> Source:
    """Return the real stores and leads, with made reps where the stores are.

    Args:
        folder: Where files that have to be made are written.
        coordinates: False leaves latitude and longitude out.
        reps: How many.
    """
    accounts = STORES if coordinates else _without_coordinates(folder / "stores.csv")
    with opened(STORES) as file:
        codes = [row["zip"] for row in csv.DictReader(file)]
    users = write_reps(folder / "reps.csv", codes, count=reps)
    return Source(accounts, LEADS, users, real=True)


def made_source(folder: Path, *, count: int = ACCOUNT_COUNT, seed: int = 1) -> Source:
    """Return stores in towns drawn at random, with leads and reps in the same towns."""
    rng = random.Random(seed)  # noqa: S311 - test data
    towns = [town for town in _towns().values() if town["state"] not in _MAINLAND]
    drawn = [towns[min(int(rng.expovariate(6) * len(towns)), len(towns) - 1)] for _ in range(count)]
    accounts, leads = folder / "stores.csv", folder / "leads.csv"
    with accounts.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS.split(","))
        for row, town in enumerate(drawn, start=1):
            lat = float(town["lat"]) + rng.gauss(0, 0.02)
            lon = float(town["long"]) + rng.gauss(0, 0.02)
            street = f"{rng.randrange(1, 9999)} Main St"
            place = (street, town["city"], town["state"], town["zip_code"], "US", "")
            writer.writerow(
                (row, "Corner", row, f"Corner {row}", *place, f"{lat:.5f}", f"{lon:.5f}")
            )
    with leads.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_LEAD_COLUMNS.split(","))
        writer.writerows(
            (f"L{row}", f"Prospect {row}", "United States") for row in range(1, LEAD_COUNT + 1)
        )
    users = write_reps(folder / "reps.csv", [town["zip_code"] for town in drawn], count=REP_COUNT)
    return Source(accounts, leads, users, real=False)


def write_reps(path: Path, postal_codes: Sequence[str], *, count: int) -> Path:
    """Write reps who live where the accounts are: every n-th account's postal code, by code.

    Codes that the package does not know are left out. Names are made up.
    """
    towns = _towns()
    known = sorted(code[:5] for code in postal_codes if code[:5] in towns)
    first, last = _FIRST.split(), _LAST.split()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("Name", "Title", "City", "State", "PostalCode", "Country"))
        for number in range(count):
            town = towns[known[(2 * number + 1) * len(known) // (2 * count)]]
            name = f"{first[number % 20]} {last[number // 20 % 10]}"
            name += f" {number // 200 + 1}" if number >= 200 else ""
            place = (town["city"], town["state"], town["zip_code"], "US")
            writer.writerow((name, "Account Executive", *place))
    return path


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """Open a CSV file as text, zipped or not."""
    with (
        gzip.open(path, "rt", newline="", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(newline="", encoding="utf-8")
    ) as file:
        yield file


def _without_coordinates(path: Path) -> Path:
    with opened(STORES) as given, path.open("w", newline="", encoding="utf-8") as file:
        reader = csv.DictReader(given)
        kept = [one for one in reader.fieldnames or () if one not in {"latitude", "longitude"}]
        writer = csv.DictWriter(file, kept, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(reader)
    return path


def _towns() -> dict[str, dict[str, Any]]:
    """Return every US postal code with a place on the map, by code."""
    entries: list[dict[str, Any]] = zipcodes.list_all()  # type: ignore[no-untyped-call] # the package's wrapper bears no types
    return {one["zip_code"]: one for one in entries if float(one["lat"]) or float(one["long"])}
