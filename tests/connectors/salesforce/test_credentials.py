"""Which environments sign in, and what the others are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from sfterritory.connectors.salesforce.credentials import (
    AccessToken,
    ClientCredentials,
    Credentials,
    JwtBearer,
    RefreshToken,
    SfCli,
    credentials_from,
)
from sfterritory.connectors.salesforce.secret import SecretSource
from sfterritory.errors import ExitCode, SignInError

URL = "https://acme.my.salesforce.com"
CLIENT = {"SFTERRITORY_CLIENT_ID": "key", "SFTERRITORY_CLIENT_SECRET": "s3cret"}


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        pytest.param(CLIENT, ClientCredentials, id="client-credentials"),
        pytest.param({"SFTERRITORY_ACCESS_TOKEN": "00D!x"}, AccessToken, id="token"),
        pytest.param(
            {
                "SFTERRITORY_CLIENT_ID": "key",
                "SFTERRITORY_USERNAME": "bot@acme.example",
                "SFTERRITORY_PRIVATE_KEY": "-----BEGIN PRIVATE KEY-----",
            },
            JwtBearer,
            id="jwt",
        ),
    ],
)
def test_each_way_to_sign_in_is_known_by_its_secret(
    environ: dict[str, str], kind: type[Credentials]
) -> None:
    credentials = credentials_from({"SFTERRITORY_INSTANCE_URL": f"{URL}/", **environ})

    assert type(credentials) is kind
    assert credentials.instance_url == URL


def test_sfs_login_needs_no_address() -> None:
    assert credentials_from({"SFTERRITORY_SF_ALIAS": "uat"}) == SfCli(alias="uat")


def test_a_refresh_token_knows_the_file_it_came_from(tmp_path: Path) -> None:
    (tmp_path / "refresh").write_text("r1\n", encoding="utf-8")

    credentials = credentials_from(
        {
            **CLIENT,
            "SFTERRITORY_INSTANCE_URL": URL,
            "SFTERRITORY_REFRESH_TOKEN_FILE": str(tmp_path / "refresh"),
        }
    )

    assert credentials == RefreshToken(
        instance_url=URL,
        client_id="key",
        client_secret=SecretStr("s3cret"),
        source=SecretSource(file=str(tmp_path / "refresh")),
        refresh_token=SecretStr("r1"),
    )


@pytest.mark.parametrize(
    ("url", "audience"),
    [
        pytest.param(URL, "login", id="production"),
        pytest.param("https://acme--uat.sandbox.my.salesforce.com", "test", id="sandbox"),
        pytest.param("https://acme-1a2b.scratch.my.salesforce.com", "test", id="scratch"),
    ],
)
def test_a_key_signs_for_the_audience_of_the_address(url: str, audience: str) -> None:
    signer = JwtBearer(
        instance_url=url, client_id="key", username="bot", private_key=SecretStr("PEM")
    )

    assert signer.audience == audience


def test_a_secret_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n", encoding="utf-8")
    environ = {
        "SFTERRITORY_INSTANCE_URL": URL,
        "SFTERRITORY_CLIENT_ID": "key",
        "SFTERRITORY_CLIENT_SECRET_FILE": str(tmp_path / "secret"),
    }

    credentials = credentials_from(environ)

    assert isinstance(credentials, ClientCredentials)
    assert credentials.client_secret.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(credentials)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        pytest.param({}, ["no Salesforce credentials are set"], id="nothing"),
        pytest.param(CLIENT, ["SFTERRITORY_INSTANCE_URL is not set"], id="no-address"),
        pytest.param(
            {"SFTERRITORY_CLIENT_SECRET": "s3cret", "SFTERRITORY_INSTANCE_URL": "acme"},
            ["'acme' is not an address", "needs SFTERRITORY_CLIENT_ID, which is not set"],
            id="half-and-wrong",
        ),
        pytest.param(
            {**CLIENT, "SFTERRITORY_INSTANCE_URL": URL, "SFTERRITORY_ACCESS_TOKEN": "00D!s3cret"},
            ["SFTERRITORY_ACCESS_TOKEN and SFTERRITORY_CLIENT_SECRET are all set"],
            id="two-ways",
        ),
        pytest.param(
            {**CLIENT, "SFTERRITORY_INSTANCE_URL": URL, "SFTERRITORY_SF_ALIAS": "uat"},
            ["SFTERRITORY_CLIENT_SECRET and SFTERRITORY_SF_ALIAS are all set"],
            id="sf-and-a-secret",
        ),
        pytest.param(
            {"SFTERRITORY_INSTANCE_URL": URL, "SFTERRITORY_REFRESH_TOKEN": "s3cret"},
            ["SFTERRITORY_REFRESH_TOKEN needs SFTERRITORY_CLIENT_ID"],
            id="refresh-without-an-app",
        ),
        pytest.param(
            {**CLIENT, "SFTERRITORY_INSTANCE_URL": URL, "SFTERRITORY_CLIENT_SECRET_FILE": "x"},
            ["SFTERRITORY_CLIENT_SECRET and SFTERRITORY_CLIENT_SECRET_FILE are both set"],
            id="secret-twice",
        ),
        pytest.param(
            {"SFTERRITORY_INSTANCE_URL": URL, "SFTERRITORY_PRIVATE_KEY_FILE": "no/such.pem"},
            ["SFTERRITORY_PRIVATE_KEY_FILE: 'no/such.pem' cannot be read"],
            id="no-such-file",
        ),
        pytest.param(
            {**CLIENT, "SFTERRITORY_INSTANCE_URL": "https://acme.lightning.force.com/lightning"},
            ["has a path"],
            id="path",
        ),
        pytest.param(
            {**CLIENT, "SFTERRITORY_INSTANCE_URL": f"{URL}/secur/frontdoor.jsp?sid=00DcanaryEnd"},
            ["has a path or a query", "/secur/frontdoor.jsp'"],
            id="browser-address",
        ),
        pytest.param(
            {**CLIENT, "SFTERRITORY_INSTANCE_URL": "https://acme--uat.sandbox.lightning.force.com"},
            ["the API is at https://acme--uat.sandbox.my.salesforce.com"],
            id="browser-host",
        ),
        pytest.param(
            {**CLIENT, "SFTERRITORY_INSTANCE_URL": "http://acme.my.salesforce.com"},
            ["would send secrets unencrypted"],
            id="no-tls",
        ),
        pytest.param(
            {**CLIENT, "SFTERRITORY_INSTANCE_URL": "http://127.0.0.1.evil.example:80"},
            ["would send secrets unencrypted"],
            id="looks-like-loopback",
        ),
        pytest.param(
            {**CLIENT, "SFTERRITORY_INSTANCE_URL": "https://login.salesforce.com"},
            ["is not a My Domain address"],
            id="login-host",
        ),
    ],
)
def test_every_mistake_in_the_environment_is_named_with_a_remedy(
    environ: dict[str, str], says: list[str]
) -> None:
    with pytest.raises(SignInError) as caught:
        credentials_from(environ)

    for text in says:
        assert text in caught.value.problem
    assert "canary" not in caught.value.problem
    assert "SFTERRITORY_ACCESS_TOKEN" in caught.value.remedy
    assert caught.value.exit_code is ExitCode.SIGN_IN
    assert "s3cret" not in f"{caught.value.problem}{caught.value.remedy}"
