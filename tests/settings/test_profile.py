"""Profiles: which org is chosen, what a way to sign in needs, and no secret in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from sfterritory.cli.main import run
from sfterritory.connectors.salesforce.credentials import (
    AccessToken,
    ClientCredentials,
    Credentials,
    JwtBearer,
    RefreshToken,
    SfCli,
)
from sfterritory.connectors.salesforce.secret import SecretSource
from sfterritory.errors import ConfigError, SignInError
from sfterritory.settings.project import Settings, load_settings

URL = "https://acme.my.salesforce.com"
CANARY = "canary-of-a-secret"
PROFILES = f"""
profiles:
  production:
    instance_url: {URL}
    org_id: 00DSb0000000007MAA
    sandbox: false
    sign_in: client_credentials
    client_id: key
    secret: {{env: ACME_SECRET}}
  staging:
    instance_url: https://acme--uat.sandbox.my.salesforce.com
    sandbox: true
    sign_in: jwt
    client_id: key
    username: bot@acme.example
    secret: {{file: uat.pem}}
    store: sqlite:///.sfterritory/staging.db
  desk: {{sign_in: sf_cli, sf_alias: uat}}
"""

Project = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return how to make a project whose file has more lines, and another `org.profile`."""

    def make(more: str = PROFILES, *, profile: str | None = None) -> Path:
        root = tmp_path / "project"
        assert run(["init", str(root)]) == 0
        path = root / "sfterritory.yaml"
        text = path.read_text("utf-8")
        if profile is not None:
            text = text.replace("org:\n", f"org:\n  profile: {profile}\n", 1)
        path.write_text(text + more, encoding="utf-8")
        return root

    return make


def line_of(root: Path, text: str) -> int:
    lines = (root / "sfterritory.yaml").read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


@pytest.mark.parametrize(
    ("flag", "variable", "in_file", "chosen"),
    [
        pytest.param("staging", "desk", "production", "staging", id="flag-first"),
        pytest.param(None, "desk", "production", "desk", id="then-variable"),
        pytest.param(None, "", "production", "production", id="then-file"),
        pytest.param(None, "", None, "environment", id="else-environment"),
        pytest.param("environment", "desk", "production", "environment", id="environment-by-name"),
    ],
)
def test_the_flag_outranks_the_variable_and_that_the_file(
    project: Project, flag: str | None, variable: str, in_file: str | None, chosen: str
) -> None:
    root = project(profile=in_file)

    settings = load_settings(root, {"SFTERRITORY_ORG": variable}, org_name=flag)

    assert settings.org_name == chosen


def test_a_profile_may_have_a_store_of_its_own_and_the_variable_outranks_it(
    project: Project,
) -> None:
    root = project()

    def store(environ: Mapping[str, str], name: str | None) -> str:
        return load_settings(root, environ, org_name=name).store_url

    assert store({}, None).endswith("/.sfterritory/store.db")
    assert store({}, "production").endswith("/.sfterritory/store.db")
    assert store({}, "staging").endswith("/.sfterritory/staging.db")
    assert store({"SFTERRITORY_STORE": "postgresql://a@b/c"}, "staging") == "postgresql://a@b/c"


def test_the_profile_changes_nothing_that_a_plan_is_made_of(project: Project) -> None:
    def hashes(settings: Settings) -> tuple[str, str]:
        return settings.config_hash, settings.rules_hash

    without = hashes(load_settings(project(""), {}))
    root = project(profile="production")

    assert hashes(load_settings(root, {})) == without
    assert hashes(load_settings(root, {}, org_name="staging")) == without


def ways(folder: Path) -> dict[str, tuple[str, Credentials]]:
    """Return a profile of each way, and the credentials that it stands for."""
    secret = SecretStr(CANARY)
    app = f"instance_url: {URL}, client_id: key"
    return {
        "client_credentials": (
            f"{app}, secret: {{env: S}}",
            ClientCredentials(instance_url=URL, client_id="key", client_secret=secret),
        ),
        "jwt": (
            f"{app}, username: bot, secret: {{file: secret}}",
            JwtBearer(instance_url=URL, client_id="key", username="bot", private_key=secret),
        ),
        "refresh_token": (
            f"{app}, secret: {{file: {folder}/secret}}, client_secret: {{env: S}}",
            RefreshToken(
                instance_url=URL,
                client_id="key",
                client_secret=secret,
                source=SecretSource(file=f"{folder}/secret"),
                refresh_token=secret,
            ),
        ),
        "access_token": (
            f"instance_url: {URL}, secret: {{env: S}}",
            AccessToken(instance_url=URL, access_token=secret),
        ),
        "sf_cli": ("sf_alias: uat", SfCli(alias="uat")),
    }


@pytest.mark.parametrize(
    "way", ["client_credentials", "jwt", "refresh_token", "access_token", "sf_cli"]
)
def test_each_way_to_sign_in_finds_its_secrets(project: Project, tmp_path: Path, way: str) -> None:
    keys, wanted = ways(tmp_path / "project")[way]
    root = project(f"profiles: {{acme: {{sign_in: {way}, {keys}}}}}\n")
    (root / "secret").write_text(CANARY, encoding="utf-8")

    settings = load_settings(root, {}, org_name="acme")

    assert settings.credentials({"S": CANARY}) == wanted


def test_every_secret_that_is_missing_is_named(project: Project) -> None:
    root = project(
        "profiles: {acme: {sign_in: refresh_token, client_id: key, "
        f"instance_url: '{URL}', secret: {{file: no/such}}, client_secret: {{env: NOT_SET}}}}}}\n"
    )

    with pytest.raises(SignInError) as caught:
        load_settings(root, {}, org_name="acme").credentials({})

    assert "secret: " in caught.value.problem
    assert "no/such' cannot be read" in caught.value.problem
    assert "client_secret: the environment variable NOT_SET is not set" in caught.value.problem


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(f"secret: {CANARY}", id="secret"),
        pytest.param(f"password: {CANARY}", id="password"),
        pytest.param(f"access_token: {CANARY}", id="token"),
        pytest.param(f"client_secret: [{CANARY}]", id="list"),
        pytest.param(f"username: '00D000000000001!{CANARY}'", id="token-in-a-plain-key"),
        pytest.param(f"client_id: '-----BEGIN PRIVATE KEY-----{CANARY}'", id="pem-in-a-plain-key"),
    ],
)
def test_a_secret_in_the_file_is_refused_with_its_line_and_not_shown(
    project: Project, written: str
) -> None:
    root = project(
        f"profiles:\n  acme:\n    instance_url: {URL}\n    sign_in: access_token\n    {written}\n"
    )

    with pytest.raises(ConfigError) as caught:
        load_settings(root, {})

    place = f"sfterritory.yaml:{line_of(root, written)}: profiles.acme."
    (told,) = [line for line in caught.value.problem.splitlines() if line.startswith(place)]
    assert "holds a secret, and this file is no place for one" in told
    assert "{env: VARIABLE}" in told
    assert CANARY not in f"{caught.value.problem}{caught.value.remedy}"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        pytest.param(
            "profiles: {acme: {sign_in: jwt, client_id: key, sf_alias: a}}",
            "profiles.acme: sign_in jwt needs instance_url, and needs secret, and needs username, "
            "and has no use for sf_alias",
            id="keys-of-another-way",
        ),
        pytest.param(
            "profiles: {acme: {sign_in: password}}", "profiles.acme.sign_in", id="no-such-way"
        ),
        pytest.param(
            "profiles: {environment: {sign_in: sf_cli, sf_alias: a}}",
            "'environment' stands for the SFTERRITORY_ variables",
            id="taken-name",
        ),
        pytest.param(
            "profiles: {'../x': {sign_in: sf_cli, sf_alias: a}}", "is not a name", id="no-name"
        ),
        pytest.param(
            "profiles: {acme: {sign_in: sf_cli, sf_alais: a}}",
            "unknown key; did you mean 'sf_alias'?",
            id="misspelt-key",
        ),
        pytest.param(
            "profiles: {acme: {sign_in: sf_cli, sf_alias: a, instance_url: 'http://acme.com'}}",
            "would send secrets unencrypted",
            id="no-tls",
        ),
    ],
)
def test_a_wrong_profile_is_refused_with_its_line(project: Project, more: str, says: str) -> None:
    root = project(f"\n{more}\n")

    with pytest.raises(ConfigError) as caught:
        load_settings(root, {})

    assert says in caught.value.problem
    assert f"sfterritory.yaml:{line_of(root, more)}: " in caught.value.problem


@pytest.mark.parametrize("by", ["flag", "variable", "file"])
def test_a_profile_that_is_not_there_is_named_beside_those_that_are(
    project: Project, by: str
) -> None:
    root = project(profile="stagign" if by == "file" else None)
    environ = {"SFTERRITORY_ORG": "stagign"} if by == "variable" else {}

    with pytest.raises(ConfigError) as caught:
        load_settings(root, environ, org_name="stagign" if by == "flag" else None)

    assert (
        "sfterritory.yaml has no profile 'stagign', only desk, production, staging"
        in caught.value.problem
    )
    assert "did you mean 'staging'?" in caught.value.problem
