"""When faults strike: for all numbers, dice and requests."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.faults.book import FaultBook
from sfterritory.sandbox.faults.catalogue import KINDS, fault_from, fault_values
from sfterritory.sandbox.faults.document import Fault, RequestFault
from sfterritory.sandbox.faults.instead import Limit
from sfterritory.sandbox.faults.request import fault_request

PATHS = ("/services/data/v62.0/query", "/services/data/v62.0/limits", "/services/oauth2/token")

faults = st.builds(
    Limit,
    on=st.sampled_from([None, "any", "query", "sign_in"]),
    nth=st.none() | st.integers(1, 12),
    after=st.integers(0, 12),
    times=st.none() | st.integers(1, 4),
    probability=st.floats(0, 1),
    seed=st.integers(0, 3),
)
requests = st.lists(
    st.tuples(st.sampled_from(["GET", "POST"]), st.sampled_from(PATHS)), max_size=30
)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def outcomes(given_faults: list[Limit], asked: list[tuple[str, str]]) -> list[list[Any]]:
    book = FaultBook(dict(enumerate(given_faults, start=1)))
    return [
        [strike.fault for strike in book.strikes(request)]
        for method, path in asked
        for request in [fault_request(method, path, query=b"", headers={}, body=b"")]
    ]


def fault_or_refusal(values: dict[str, Any]) -> Fault | SandboxError:
    try:
        return fault_from(values)
    except SandboxError as error:
        return error


@given(st.lists(faults, max_size=3), requests)
def test_the_same_requests_meet_the_same_faults(
    chosen: list[Limit], asked: list[tuple[str, str]]
) -> None:
    assert outcomes(chosen, asked) == outcomes(chosen, asked)


@given(faults, requests)
def test_a_fault_strikes_only_when_it_is_due(fault: Limit, asked: list[tuple[str, str]]) -> None:
    concerned = [
        one for one in asked if fault.concerns(fault_request(*one, query=b"", headers={}, body=b""))
    ]

    struck = [bool(one) for one in outcomes([fault], concerned)]

    numbers = [number for number, hit in enumerate(struck, start=1) if hit]
    assert sum(struck) == sum(map(bool, outcomes([fault], asked)))
    assert fault.times is None or len(numbers) <= fault.times
    assert all(number > fault.after for number in numbers)
    assert fault.nth is None or set(numbers) <= {fault.nth}


@given(st.sampled_from(sorted(KINDS)), st.dictionaries(st.text() | st.sampled_from(
    sorted(RequestFault.model_fields)), any_json, max_size=4))  # fmt: skip
def test_whatever_is_written_is_a_fault_or_is_refused_with_a_remedy(
    kind: str, values: dict[str, Any]
) -> None:
    found = fault_or_refusal({**values, "kind": kind})

    if isinstance(found, SandboxError):
        assert found.remedy
    else:
        assert fault_from(fault_values(found)) == found


def test_a_kind_is_known_by_its_own_name_alone() -> None:
    assert all(kind.model_fields["kind"].default == name for name, kind in KINDS.items())
    assert len({kind.__doc__ for kind in KINDS.values()}) == len(KINDS)
