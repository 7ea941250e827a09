"""SOQL syntax trees of every kind, about what the sample org has and about what it lacks."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from sfterritory.sandbox.soql.literal import quoted
from sfterritory.sandbox.soql.tree import (
    All,
    AnyOf,
    Boolean,
    Call,
    Children,
    Compare,
    Condition,
    Day,
    Grouping,
    Includes,
    Moment,
    Money,
    Not,
    Null,
    Number,
    Ordering,
    Path,
    Period,
    Query,
    Selected,
    SemiJoin,
    Source,
    Text,
    TypeOf,
    Within,
    WithinQuery,
)

PATHS = st.sampled_from([
    "Id", "Name", "Rating", "AnnualRevenue", "CreatedDate", "LastActivityDate", "BillingAddress",
    "Owner.Name", "Parent.Owner.Name", "Owner.IsActive", "Owner.Type", "Description", "OwnerId",
    "NumberOfEmployees", "IsDeleted", "ParentId", "Nope", "Nope.Id", "Account.Name", "a.Name",
    "Parent.Parent.Parent.Parent.Parent.Parent.Id", "AccountId", "Title", "BillingLatitude",
]).map(lambda text: Path(tuple(text.split("."))))  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6).map(
    lambda text: Text(quoted(text)[1:-1])
)
NUMBERS = st.one_of(
    st.integers(-99, 10**12).map(str),
    st.sampled_from(["1.5", "-.5", "2.", "1e3", "1E400", "+7", "9" * 40]),
).map(Number)
PERIODS = st.one_of(
    st.builds(
        Period,
        st.sampled_from(["TODAY", "THIS_WEEK", "NEXT_FISCAL_QUARTER", "LAST_90_DAYS", "NEVER"]),
        st.none(),
    ),
    st.builds(
        Period,
        st.sampled_from(["LAST_N_DAYS", "N_MONTHS_AGO", "NEXT_N_FISCAL_YEARS", "TODAY"]),
        st.integers(0, 10**8),
    ),
)
VALUES = st.one_of(
    TEXTS,
    NUMBERS,
    PERIODS,
    st.sampled_from([
        Null(), Boolean(value=True), Boolean(value=False), Day("2026-02-28"), Day("2026-99-99"),
        Moment("2026-01-01T00:00:00Z"), Moment("0001-01-01T00:00:00+14:00"), Money("EUR12.5"),
        Text("001Sb0000000001IAA"), Text("hot"), Text("%A_"), Text("\\ud800"), Text("\\q"),
    ]),
)  # fmt: skip
DATE_PARTS = st.builds(
    Call,
    st.sampled_from(["CALENDAR_YEAR", "week_in_year", "DAY_ONLY", "FISCAL_QUARTER", "HOUR_IN_DAY"]),
    st.one_of(PATHS, PATHS.map(lambda path: Call("convertTimezone", (path,)))).map(
        lambda one: (one,)
    ),
)
DISTANCES = st.builds(
    lambda path, lat, unit: Call(
        "DISTANCE", (path, Call("GEOLOCATION", (lat, Number("-75.5"))), Text(unit))
    ),
    PATHS,
    NUMBERS,
    st.sampled_from(["mi", "KM", "ell"]),
)
AGGREGATES = st.builds(
    Call,
    st.sampled_from(["count", "COUNT_DISTINCT", "sum", "avg", "min", "MAX", "grouping", "nope"]),
    st.one_of(PATHS.map(lambda path: (path,)), st.just(())),
)
VALUE_CALLS = st.builds(
    lambda name, inner: Call(name, (inner,)),
    st.sampled_from(["toLabel", "FORMAT", "convertCurrency", "FIELDS"]),
    st.one_of(PATHS, AGGREGATES, st.sampled_from([Path(("ALL",)), Path(("standard",))])),
)
OPERANDS = st.one_of(PATHS, PATHS, DATE_PARTS, DISTANCES, AGGREGATES, VALUE_CALLS)
ALIASES = st.one_of(st.none(), st.sampled_from(["a", "total", "Id"]))


def lists(inner: st.SearchStrategy[Any], *, most: int, least: int = 1) -> st.SearchStrategy[Any]:
    """Return tuples of a few."""
    return st.lists(inner, min_size=least, max_size=most).map(tuple)


SEMI_JOINS = st.builds(
    SemiJoin,
    st.sampled_from(["AccountId", "Id", "OwnerId", "Name"]).map(lambda name: Path((name,))),
    st.sampled_from(["Contact", "Opportunity", "User", "Nope"]),
    st.sampled_from([None, "x"]),
    st.one_of(st.none(), st.builds(Compare, PATHS, st.just("="), VALUES)),
)
LEAVES: st.SearchStrategy[Condition] = st.one_of(
    st.builds(
        Compare, OPERANDS, st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "LIKE"]), VALUES
    ),
    st.builds(Within, OPERANDS, lists(VALUES, most=4), st.booleans()),
    st.builds(Includes, OPERANDS, lists(VALUES, most=2), st.booleans()),
    st.builds(WithinQuery, PATHS, SEMI_JOINS, st.booleans()),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(All, lists(inner, most=3, least=2)),
        st.builds(AnyOf, lists(inner, most=3, least=2)),
        st.builds(Not, inner),
    ),
    max_leaves=5,
)
TYPEOFS = st.builds(
    TypeOf,
    st.sampled_from([Path(("Owner",)), Path(("What",)), Path(("Parent", "Owner"))]),
    lists(
        st.tuples(
            st.sampled_from(["User", "Group", "Account", "Nope"]),
            lists(st.sampled_from([Path(("Name",)), Path(("Profile", "Name"))]), most=2),
        ),
        most=2,
    ),
    st.one_of(st.just(()), lists(PATHS, most=2)),
)
ORDERINGS = st.builds(Ordering, OPERANDS, st.booleans(), st.sampled_from([None, True, False]))
SELECTED = st.builds(Selected, OPERANDS, ALIASES)


def queries(
    sources: st.SearchStrategy[Any], items: st.SearchStrategy[Any]
) -> st.SearchStrategy[Query]:
    """Return whole queries over these sources."""
    return st.builds(
        Query,
        items=lists(items, most=4),
        sources=sources,
        scope=st.sampled_from([None, None, None, "mine", "EVERYTHING", "team", "nope"]),
        where=st.one_of(st.none(), CONDITIONS),
        access=st.sampled_from([None, None, "SECURITY_ENFORCED", "USER_MODE"]),
        group_by=st.one_of(
            st.none(),
            st.builds(
                Grouping, lists(OPERANDS, most=3), st.sampled_from(["plain", "rollup", "cube"])
            ),
        ),
        having=st.one_of(st.none(), st.none(), CONDITIONS),
        order_by=lists(ORDERINGS, most=2, least=0),
        limit=st.one_of(st.none(), st.integers(0, 300)),
        offset=st.sampled_from([0, 0, 1, 2000]),
        purposes=st.sampled_from([(), (), ("VIEW",), ("UPDATE",), ("REFERENCE", "VIEW")]),
    )


def _from(*names: str) -> st.SearchStrategy[Any]:
    return st.tuples(
        st.builds(
            Source,
            st.sampled_from([Path(tuple(name.split("."))) for name in names]),
            st.sampled_from([None, "a"]),
        )
    )


CHILDREN = queries(
    _from("Contacts", "Account.Opportunities", "ChildAccounts", "Histories", "Nope"), SELECTED
).map(Children)
QUERIES = queries(
    st.one_of(
        _from("Account", "lead", "Contact", "Opportunity", "User", "Group", "Task", "Nope"),
        st.just((Source(Path(("Contact",)), "c"), Source(Path(("c", "Account")), "a"))),
    ),
    st.one_of(SELECTED, SELECTED, SELECTED, CHILDREN, TYPEOFS),
)
