from __future__ import annotations

from functools import cache

import pytest

from sfterritory.connectors.reference.country_facts import load_country_facts
from sfterritory.quality.reference import AddressReference


@cache
def whole_world() -> AddressReference:
    """For hypothesis, which would print a fixture of this size with every counterexample."""
    return AddressReference.of(load_country_facts())


@pytest.fixture(scope="session")
def reference() -> AddressReference:
    return whole_world()
