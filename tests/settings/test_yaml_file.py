from typing import Literal

import pytest
from pydantic import Field

from sfterritory.errors import ConfigError
from sfterritory.model.document import Document
from sfterritory.settings.yaml_file import check, parse_yaml


class Door(Document):
    colour: Literal["red", "green"]
    height_cm: float = Field(gt=0)


class House(Document):
    country: str
    doors: tuple[Door, ...] = ()


def test_norway_is_a_country_and_not_false() -> None:
    house, problems = check(House, parse_yaml(b"country: NO\n", name="house.yaml"))

    assert house == House(country="NO")
    assert problems == []


def test_every_mistake_of_a_file_is_reported_with_its_line() -> None:
    text = b"country: FR\ndoors:\n  - colour: blue\n    height_cm: -1\n  - color: red\n"

    house, problems = check(House, parse_yaml(text, name="house.yaml"))

    assert house is None
    assert problems == [
        "house.yaml:3: doors[0].colour: 'blue' is not allowed: input should be 'red' or 'green'",
        "house.yaml:4: doors[0].height_cm: -1 is not allowed: input should be greater than 0",
        "house.yaml:5: doors[1].colour: is required and missing",
        "house.yaml:5: doors[1].height_cm: is required and missing",
        "house.yaml:5: doors[1].color: unknown key; did you mean 'colour'?",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(b"a: 1\na: 2\n", "house.yaml:2", id="duplicate key"),
        pytest.param(b"a: [1\nb: 2\n", "house.yaml:", id="not YAML"),
        pytest.param(b"a: \xff\n", "byte 3 is not UTF-8", id="not UTF-8"),
    ],
)
def test_what_is_not_yaml_names_the_place(text: bytes, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_yaml(text, name="house.yaml")

    assert says in error.value.problem


def test_an_alias_bomb_is_refused() -> None:
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))

    with pytest.raises(ConfigError, match="unfolds to more than"):
        parse_yaml(f"a0: &a0 [x]\n{levels}".encode(), name="bomb.yaml")
