import hashlib

import pytest
from factories import account_id, owner_change, plan_of

from sfterritory.model.document import canonical_json
from sfterritory.model.plan import Plan


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(plan_of(), id="no change"),
        pytest.param(plan_of(owner_change(account_id(1))), id="one change"),
        pytest.param(
            plan_of(owner_change(account_id(1)), owner_change(account_id(2))), id="two changes"
        ),
    ],
)
def test_the_pieces_of_a_plan_are_its_canonical_json_and_its_hash_is_theirs(plan: Plan) -> None:
    whole = canonical_json(plan.model_dump(mode="json"))

    assert "".join(plan.canonical_pieces()) == whole
    assert plan.hash == hashlib.sha256(whole.encode()).hexdigest()
