from pathlib import Path

from ruamel.yaml import YAML

from routing.sample import ANN
from sfterritory.routing.directory import Directory, Person, QueueEntry
from sfterritory.routing.field_kind import FieldKind
from sfterritory.routing.rules import RuleBook
from sfterritory.routing.validation import check_rules
from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.seed_people import INTERNATIONAL_QUEUE, REP_TITLE, UNASSIGNED_QUEUE

MAPPING = Path(__file__).parents[2] / "mappings" / "routing.yaml"
KIND_OF_TYPE = {
    "boolean": FieldKind.FLAG,
    "int": FieldKind.NUMBER,
    "double": FieldKind.NUMBER,
    "currency": FieldKind.NUMBER,
    "date": FieldKind.TIME,
    "datetime": FieldKind.TIME,
}
DERIVED = ("country_code", "subdivision_code", "postal_code", "city", "territory")


def sandbox_fields(object_name: str) -> dict[str, FieldKind]:
    described = {
        field.name: KIND_OF_TYPE.get(field.type, FieldKind.TEXT)
        for field in EVERYTHING.objects[object_name].fields
    }
    return {**described, **dict.fromkeys(DERIVED, FieldKind.TEXT)}


def test_the_sample_rules_fit_the_sample_org() -> None:
    book = RuleBook.model_validate(YAML(typ="safe").load(MAPPING.read_text(encoding="utf-8")))
    queues = [
        QueueEntry(f"00G00000000000{at}", name, name.replace(" ", "_"), frozenset({"Lead", "Case"}))
        for at, name in enumerate((UNASSIGNED_QUEUE, INTERNATIONAL_QUEUE))
    ]
    rep = Person(ANN, "Ann Abel", "ann@example.com", is_active=True, is_standard=True)

    problems = check_rules(
        book,
        directory=Directory.of([rep], queues),
        fields={name: sandbox_fields(name) for name in ("Account", "Lead", "User")},
        lists={},
        users={ANN: {"Title": REP_TITLE, "IsActive": True}},
    )

    assert problems == ()
    assert set(book.objects) == {"Account", "Lead"}
