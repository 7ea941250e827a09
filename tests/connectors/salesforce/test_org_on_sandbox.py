"""The connector and the sandbox, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from sfterritory.connectors.salesforce import soql
from sfterritory.connectors.salesforce.bulk import BulkParams
from sfterritory.connectors.salesforce.credentials import (
    AccessToken,
    ClientCredentials,
    JwtBearer,
    RefreshToken,
)
from sfterritory.connectors.salesforce.description import readable_fields
from sfterritory.connectors.salesforce.faults import RefusedError
from sfterritory.connectors.salesforce.org import SalesforceOrg, sign_in
from sfterritory.connectors.salesforce.secret import SecretSource
from sfterritory.errors import ConnectorError, SignInError
from sfterritory.model.ports import RecordWrite
from sfterritory.sandbox.api.oauth.grant import Grant, new_refresh_token
from sfterritory.sandbox.running import SandboxHandle, running_sandbox
from sfterritory.sandbox.switches import Switches

pytestmark = pytest.mark.slow  # seeding an org takes some seconds, once

USERNAME_QUERY = soql.select(
    "User",
    ["Id", "Username", "IsActive"],
    where=soql.condition("UserType", "=", "Standard"),
    order_by=["Id"],
)
ACCOUNTS = soql.select("Account", ["Id", "Name", "AnnualRevenue", "Owner.Name", "IsDeleted"])


@pytest.fixture(scope="module")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def sandbox(
    tmp_path_factory: pytest.TempPathFactory, private_key: rsa.RSAPrivateKey
) -> Iterator[SandboxHandle]:
    public_key = private_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    path = tmp_path_factory.mktemp("sandbox") / "org.db"
    with running_sandbox(path, jwt_public_key=public_key) as running:
        yield running


@pytest.fixture
def credentials(sandbox: SandboxHandle) -> ClientCredentials:
    return ClientCredentials(
        instance_url=sandbox.url,
        client_id=sandbox.client_id,
        client_secret=SecretStr(sandbox.client_secret),
    )


@pytest.fixture
def org(credentials: ClientCredentials) -> Iterator[SalesforceOrg]:
    with sign_in(credentials, bulk=BulkParams(max_records=700)) as signed_in:
        yield signed_in


def _users(org: SalesforceOrg, *, active: bool) -> list[tuple[str, str]]:
    """Return (id, username)."""
    rows = [row for page in org.query_pages(USERNAME_QUERY) for row in page.rows]
    return [(row[0], row[1]) for row in rows if row[2] == soql.literal(active)]


def test_every_way_to_sign_in_opens_the_same_org(
    sandbox: SandboxHandle, org: SalesforceOrg, private_key: rsa.RSAPrivateKey
) -> None:
    pem = private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    user_id, username = _users(org, active=True)[-1]
    jwt_bearer = JwtBearer(
        instance_url=sandbox.url,
        client_id=sandbox.client_id,
        username=username,
        private_key=SecretStr(pem),
    )
    token = AccessToken(instance_url=sandbox.url, access_token=SecretStr(sandbox.access_token))

    with sign_in(jwt_bearer) as by_key, sign_in(token) as by_token:
        assert by_key.org_id == by_token.org_id == org.org_id == sandbox.org_id
        assert by_key.user_id == user_id
        assert by_token.user_id == org.user_id
        assert by_token.limits().allowed == org.limits().allowed


def test_a_rotating_refresh_token_outlives_every_session(tmp_path: Path) -> None:
    switches = Switches(refresh_token_rotation=True)
    with running_sandbox(tmp_path / "org.db", switches=switches) as sandbox:
        file = tmp_path / "refresh"
        first = consent(sandbox)
        file.write_text(first, encoding="utf-8")
        file.chmod(0o600)
        credentials = RefreshToken(
            instance_url=sandbox.url,
            client_id=sandbox.client_id,
            client_secret=SecretStr(sandbox.client_secret),
            source=SecretSource(file=str(file)),
            refresh_token=SecretStr(first),
        )

        with sign_in(credentials) as org:
            for _ in range(2):
                sandbox.fault("end_sessions")
                assert org.limits().allowed > 0

        assert file.read_text("utf-8").strip() != first
        file.write_text(first, encoding="utf-8")
        with pytest.raises(SignInError, match="refuses the refresh token of the file"):
            sign_in(credentials)


def consent(sandbox: SandboxHandle) -> str:
    """Return the refresh token that a person's consent in a browser would have given."""
    state = sandbox.state
    grant = Grant(state.credentials().run_as_user_id, "refresh_token api", family="consent")
    with state.writing() as connection:
        return new_refresh_token(connection, grant, client_id=sandbox.client_id, state=state)


def test_a_wrong_secret_is_refused(credentials: ClientCredentials) -> None:
    wrong = credentials.model_copy(update={"client_secret": SecretStr("wrong")})

    with pytest.raises(SignInError, match="invalid_client"):
        sign_in(wrong)


def test_rest_and_bulk_tell_the_same_rows(org: SalesforceOrg) -> None:
    rest = [list(row) for page in org.query_pages(ACCOUNTS) for row in page.rows]
    bulk_pages = [(page, [list(row) for row in page.rows]) for page in org.bulk_pages(ACCOUNTS)]

    assert [len(rows) for _, rows in bulk_pages] == [700, 700, 600]
    assert bulk_pages[0][0].total == org.count(ACCOUNTS) == len(rest) == 2000
    assert sorted(row for _, rows in bulk_pages for row in rows) == sorted(rest)


def test_a_bulk_pull_resumes_where_it_was_cut_off(org: SalesforceOrg) -> None:
    pages = org.bulk_pages(ACCOUNTS)
    first = next(pages)
    before = [row[0] for row in first.rows]
    pages.close()  # type: ignore[attr-defined]  # a generator, as an interrupt would end it

    after = [
        row[0] for page in org.bulk_pages(ACCOUNTS, resume=first.position) for row in page.rows
    ]

    assert (len(before), len(after), len({*before, *after})) == (700, 1300, 2000)


def test_the_description_names_what_can_be_read(org: SalesforceOrg) -> None:
    account = org.describe("Account")

    present, missing = readable_fields(
        account, ["Name", "owner.name", "BillingAddress", "Nothing__c"], required=["OwnerId"]
    )

    assert present == ("OwnerId", "Name", "owner.name")
    assert missing == ("BillingAddress", "Nothing__c")
    assert account.fields["OwnerId"].updateable
    assert not account.fields["SystemModstamp"].updateable
    with pytest.raises(ConnectorError, match=r"Account\.Nothing__c is not readable"):
        readable_fields(account, [], required=["Nothing__c"])


def test_an_object_that_is_none_is_refused_by_its_code(org: SalesforceOrg) -> None:
    with pytest.raises(RefusedError) as described:
        org.describe("Nothing__c")
    with pytest.raises(RefusedError) as counted:
        org.count(soql.select("Nothing__c", ["Id"]))

    assert (described.value.code, counted.value.code) == ("NOT_FOUND", "INVALID_TYPE")


def test_a_value_that_looks_like_soql_stays_a_value(org: SalesforceOrg) -> None:
    hostile = "x' OR Name != '"

    query = soql.select("Account", ["Id"], where=soql.condition("Name", "=", hostile))

    assert org.count(query) == 0


def test_an_owner_is_written_read_back_and_refused_where_inactive(org: SalesforceOrg) -> None:
    (page,) = org.query_pages(soql.select("Account", ["Id"], order_by=["Id"], limit=2))
    first, second = (row[0] for row in page.rows)
    new_owner, inactive = _users(org, active=True)[-1][0], _users(org, active=False)[0][0]
    before = org.read("Account", [first, second], fields=["OwnerId"])

    done, refused = org.write(
        [
            RecordWrite("Account", first[:15], {"OwnerId": new_owner}),
            RecordWrite("Account", second, {"OwnerId": inactive}),
        ]
    )

    assert (done.accepted, refused.accepted) == (True, False)
    assert refused.code == "INACTIVE_OWNER_OR_USER"
    after = org.read("Account", [first, second], fields=["OwnerId"])
    assert after == {first: {"OwnerId": new_owner}, second: before[second]}
