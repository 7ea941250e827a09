"""Where secrets are read from, who else may read them, and how they are replaced."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from pydantic import SecretStr, ValidationError

from sfterritory.connectors.salesforce.secret import (
    SecretSource,
    exposure,
    keep_secret,
    keyring_reached,
    read_secret,
)
from sfterritory.errors import SignInError
from sfterritory.events import Event, subscribed

CANARY = "canary-of-a-secret"


class Drawer(KeyringBackend):
    """A keyring that lives as long as the test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring's
        self.content: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.content.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.content[service, username] = password


@pytest.fixture
def drawer() -> Iterator[Drawer]:
    before, drawer = keyring.get_keyring(), Drawer()
    keyring.set_keyring(drawer)
    yield drawer
    keyring.set_keyring(before)


def secret_file(folder: Path, mode: int) -> Path:
    path = folder / "secret"
    path.write_text(f"{CANARY}\n", encoding="utf-8")
    path.chmod(mode)
    return path


def test_each_place_gives_its_secret_without_outer_blanks(tmp_path: Path, drawer: Drawer) -> None:
    drawer.content["acme/uat", "bot"] = CANARY
    path = secret_file(tmp_path, 0o600)

    found = [
        read_secret(SecretSource(env="ACME"), {"ACME": f" {CANARY}\n"}),
        read_secret(SecretSource(file=str(path)), {}),
        read_secret(SecretSource(keyring="acme/uat/bot"), {}),
    ]

    assert [one.get_secret_value() for one in found] == [CANARY] * 3
    assert CANARY not in repr(found)


@pytest.mark.parametrize(
    ("mode", "open_to"),
    [
        pytest.param(0o600, "", id="nobody"),
        pytest.param(0o400, "", id="read-only"),
        pytest.param(0o440, "its group may read it", id="group"),
        pytest.param(0o444, "everybody may read it", id="everybody"),
        pytest.param(0o620, "its group may change it", id="group-writes"),
        pytest.param(0o602, "everybody may change it", id="everybody-writes"),
    ],
)
def test_a_file_that_others_may_change_is_refused_and_one_they_may_read_is_told(
    tmp_path: Path, mode: int, open_to: str
) -> None:
    path = secret_file(tmp_path, mode)
    events: list[Event] = []

    with subscribed(events.append):
        if open_to.endswith("change it"):
            with pytest.raises(SignInError, match=open_to) as caught:
                read_secret(SecretSource(file=str(path)), {})
            assert caught.value.remedy == f"run `chmod 600 {path}`"
        else:
            read_secret(SecretSource(file=str(path)), {})

    assert exposure(path) == open_to
    told = [event.facts["open_to"] for event in events if event.name == "secret.exposed"]
    assert told == ([open_to] if open_to.endswith("read it") else [])


def test_a_new_secret_takes_the_place_of_the_old_one_for_this_user_alone(
    tmp_path: Path, drawer: Drawer
) -> None:
    path = secret_file(tmp_path, 0o644)
    link = tmp_path / "link"
    link.symlink_to(path)

    keep_secret(SecretSource(file=str(link)), SecretStr("next"))
    keep_secret(SecretSource(keyring="acme/uat"), SecretStr("next"))

    assert link.is_symlink()
    assert path.read_text(encoding="utf-8") == "next\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link", "secret"]
    assert drawer.content == {("acme", "uat"): "next"}


def test_a_new_secret_cannot_be_kept_in_a_variable() -> None:
    with pytest.raises(SignInError, match="ends with this process"):
        keep_secret(SecretSource(env="ACME"), SecretStr(CANARY))


@pytest.mark.parametrize(
    ("source", "says"),
    [
        pytest.param(SecretSource(env="ACME"), "ACME is not set", id="variable"),
        pytest.param(SecretSource(file="/no/such"), "No such file", id="file"),
        pytest.param(SecretSource(keyring="acme/uat"), "no entry acme/uat", id="keyring"),
    ],
)
def test_a_secret_that_is_not_there_is_named_by_its_place(
    source: SecretSource, says: str, drawer: Drawer
) -> None:
    assert drawer.content == {}
    with pytest.raises(SignInError, match=says):
        read_secret(source, {})


@pytest.mark.parametrize(
    "written",
    [
        pytest.param({"env": CANARY}, id="secret-for-a-variable"),
        pytest.param({"keyring": CANARY}, id="secret-for-an-entry"),
        pytest.param({"env": "A", "file": "b"}, id="two-places"),
        pytest.param({}, id="no-place"),
    ],
)
def test_a_place_that_is_none_is_refused_without_showing_it(written: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        SecretSource(**written)

    assert CANARY not in "".join(one["msg"] for one in caught.value.errors())


def test_a_machine_without_a_keyring_is_told_to_use_a_file() -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())  # type: ignore[no-untyped-call]  # keyring's
    try:
        for ask in (keyring_reached, lambda: read_secret(SecretSource(keyring="a/b"), {})):
            with pytest.raises(SignInError, match="has no keyring") as caught:
                ask()
            assert "a file of mode 600" in caught.value.remedy
    finally:
        keyring.set_keyring(before)


def test_a_keyring_without_its_package_names_the_extra_to_install() -> None:
    program = (
        "import sys; sys.modules['keyring'] = None\n"
        "from sfterritory.connectors.salesforce.secret import SecretSource, read_secret\n"
        "from sfterritory.errors import SignInError\n"
        "try: read_secret(SecretSource(keyring='a/b'), {})\n"
        "except SignInError as error: print(error.remedy)\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)  # noqa: S603 - our own program

    assert done.stdout.decode().strip() == "run `pip install 'sfterritory[keyring]'`"
