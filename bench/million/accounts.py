"""The accounts of the benchmark: what they are asked for, and made ones to serve."""

from __future__ import annotations

import csv
import random
from pathlib import Path

from sfterritory.model.store.mirror_registry import MIRRORS

MORE_FIELDS = ("ShippingCity", "ShippingCountry", "AccountNumber", "Sic")  # with the mirror's 26
FIELDS = (*MIRRORS["Account"].columns, *MORE_FIELDS)
SOQL = f"SELECT {', '.join(FIELDS)} FROM Account"  # noqa: S608 - our own names
_HEADINGS = (
    "Name",
    "BillingStreet",
    "BillingCity",
    "BillingState",
    "BillingPostalCode",
    "BillingCountry",
    "BillingLatitude",
    "BillingLongitude",
    "Phone",
    "Website",
    "Industry",
    "AnnualRevenue",
    "NumberOfEmployees",
    "Type",
    "Rating",
    "AccountSource",
)


def write_accounts(path: Path, count: int, *, seed: int = 1) -> Path:
    """Write made accounts: 10 % with a line break in the street, names with quotes and accents."""
    rng = random.Random(seed)  # noqa: S311 - test data
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow((*_HEADINGS, *MORE_FIELDS))
        for number in range(count):
            name = f'Ünïcode "{number % 97}" Works {number}'
            street = f"{number % 9_000} Main St" + ("\nSuite 4" if number % 10 == 0 else "")
            writer.writerow(
                (
                    name,
                    street,
                    f"Town {number % 3_000}",
                    "Ohio",
                    f"{10_000 + number % 89_999}",
                    "United States",
                    f"{30 + rng.random() * 15:.5f}",
                    f"{-120 + rng.random() * 45:.5f}",
                    "(555) 010-0000",
                    f"https://example.org/{number}",
                    ("Energy", "Retail", "Finance", "")[number % 4],
                    str(rng.randrange(10**9)),
                    str(rng.randrange(10_000)),
                    ("Prospect", "Customer - Direct", "")[number % 3],
                    ("Hot", "Warm", "Cold", "")[number % 4],
                    "Web",
                    f"Town {number % 3_000}",
                    "United States",
                    f"N{number}",
                    str(number % 10_000),
                )
            )
    return path
