"""The schema is what editors read: it has to draw the same line as the loader."""

import json
import tomllib
from pathlib import Path

import pytest

from compare.claims import ClaimFileError, load_claims
from compare.claims.reading.structure import schema, structural_mistakes

EVERY_KIND = Path(__file__).parents[1] / "every_kind.toml"
MISTAKES = tomllib.loads(Path(__file__).with_name("mistakes.toml").read_text())


def validates(document):
    rules = schema()
    return not structural_mistakes(document, rules, rules)


def test_the_worked_example_fits_the_schema():
    assert validates(tomllib.loads(EVERY_KIND.read_text()))


@pytest.mark.parametrize("name", MISTAKES)
def test_what_the_schema_refuses_the_loader_refuses_too(name, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(MISTAKES[name]["file"])
    if not validates(tomllib.loads(file.read_text())):
        with pytest.raises(ClaimFileError):
            load_claims(file)


def test_the_schema_sees_most_mistakes_by_itself():
    seen = [name for name, mistake in MISTAKES.items() if not validates(tomllib.loads(mistake["file"]))]
    assert {"unknown key", "unknown quantity", "wrong type", "no condition", "an id with blanks"} <= set(seen)


def test_every_key_of_the_schema_is_used_by_the_worked_example():
    """So that there is no key that no test reads."""
    used = set()

    def walk(value):
        if isinstance(value, dict):
            used.update(value)
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(tomllib.loads(EVERY_KIND.read_text()))
    keys = set()

    def collect(rules):
        if isinstance(rules, dict):
            keys.update(rules.get("properties", {}) if isinstance(rules.get("properties"), dict) else {})
            for item in rules.values():
                collect(item)
        elif isinstance(rules, list):
            for item in rules:
                collect(item)

    collect(schema())
    assert keys - used == set()


def test_the_schema_uses_only_keywords_that_the_loader_understands():
    understood = {
        *("$schema", "$defs", "$ref", "$comment", "title", "description", "type", "enum", "const", "pattern"),
        *("minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        *("items", "minItems", "maxItems", "properties", "required", "additionalProperties", "minProperties"),
        *("maxProperties", "dependentRequired", "anyOf", "oneOf"),
    }

    def keywords(rules):
        for word, value in rules.items():
            yield word
            if word in ("properties", "$defs"):
                for inner in value.values():
                    yield from keywords(inner)
            elif word in ("anyOf", "oneOf"):
                for inner in value:
                    yield from keywords(inner)
            elif word in ("items", "additionalProperties") and isinstance(value, dict):
                yield from keywords(value)

    assert set(keywords(schema())) <= understood


def test_the_schema_is_json_that_can_be_changed_without_harm():
    one, other = schema(), schema()
    one["$defs"].clear()
    assert other["$defs"]
    assert json.loads(json.dumps(other)) == other


def test_kinds_of_critical_points_are_those_of_the_surface():
    from compare.surface import KINDS

    kinds = schema()["$defs"]["stationary"]["properties"]["is"]["enum"]
    assert set(kinds) - {"none"} <= set(KINDS)
    assert {kind for kind in KINDS if "infinity" not in kind} <= set(kinds)
