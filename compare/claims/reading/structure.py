"""The structure of a claim file: its JSON schema, and what in a file does not fit it.

`schema.json` is the one place that says which keys there are and what they hold: editors
read it, and the loader goes through it here. Only the keywords that it uses are
understood, and instead of a yes or no there is one `Mistake` for each misfit. (A library
checks the same keywords; which sentence to say, in the order of the file, and which of
several options was meant would still have to be written here.)
"""

import difflib
import json
import math
import operator
import re
from collections.abc import Iterator, Mapping
from datetime import date, time
from importlib import resources
from typing import Any, NamedTuple

__all__ = ["MISSING", "Mistake", "as_toml", "nearest", "schema", "structural_mistakes"]

LONGEST_SHOWN = 60
NEAR = 0.65  # how much two words must have in common, for one to be taken for a slip in the other

# Types of JSON Schema in Python and in words; a bool is an int in Python only.
_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "object": (dict, "a table"),
    "array": (list, "an array"),
    "string": (str, "a string"),
    "boolean": (bool, "true or false"),
    "integer": (int, "an integer"),
    "number": ((int, float), "a number"),
}


class Mistake(NamedTuple):
    """One thing in a claim file that the format does not allow."""

    key: str  # such as check[1].quantity; checks are counted from 1
    value: Any  # what stands there; MISSING if nothing does
    allowed: str  # what may stand there

    def __str__(self) -> str:
        value = "" if self.value is MISSING else as_toml(self.value)
        return f"{' = '.join(part for part in (self.key, value) if part)}: {self.allowed}"


class _Missing:
    """Stands for a value that is not there."""


MISSING = _Missing()


def schema() -> dict[str, Any]:
    """Read the JSON schema of claim files."""
    text = resources.files(__package__).joinpath("schema.json").read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def as_toml(value: Any) -> str:
    """A value as TOML would have it, cut to a readable length.

    Examples
    --------
    >>> as_toml(True), as_toml("weight"), as_toml([10] * 100)[-7:]
    ('true', '"weight"', '10, ...')
    """
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str):
        text = json.dumps(value[: LONGEST_SHOWN + 1], ensure_ascii=not value.isprintable())
    elif isinstance(value, int) and value.bit_length() > 200:
        text = f"an integer of {value.bit_length()} bits"
    elif isinstance(value, (date, time)):
        text = value.isoformat()
    elif isinstance(value, (dict, list)):
        text = repr(dict(list(value.items())[:20]) if isinstance(value, dict) else value[:20])
    else:
        text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."


def nearest(word: Any, allowed: Any) -> str:
    """What to say about a word that is none of the allowed ones; one that is really near is offered.

    Examples
    --------
    >>> nearest("wehn", ["quantity", "when"])
    'did you mean "when"? allowed: "quantity", "when"'
    >>> nearest("clipnorm", ["momentum", "nesterov"])
    'allowed: "momentum", "nesterov"'
    """
    names = [str(name) for name in allowed]
    listed = ", ".join(f'"{name}"' for name in names)
    close = _close(str(word)[:100].lower(), {name.lower(): name for name in names})
    return f'did you mean "{close}"? allowed: {listed}' if close else f"allowed: {listed}"


def _close(word: str, names: Mapping[str, str]) -> str | None:
    """A slip in a name, what is one in other letters, its initials, or a word that begins with it."""
    alike = [name for name in names if _digits(name) == _digits(word)]  # another number is no slip
    found = difflib.get_close_matches(word, alike, n=1, cutoff=NEAR)
    found = found or [name for name in names if word == "".join(part[0] for part in name.split("_") if part)]
    found = found or sorted((name for name in names if name and word.startswith(name)), key=len)[-1:]
    return names[found[0]] if found else None


def _digits(word: str) -> str:
    return "".join(filter(str.isdecimal, word))


def structural_mistakes(value: Any, rules: Mapping[str, Any], whole: Mapping[str, Any], key: str = "") -> list[Mistake]:
    """Everything in a value, as `tomllib` returns it, that does not fit the rules.

    These are a schema, part of the `whole` one, in which its references are looked up; `key`
    is where the value stands.

    Examples
    --------
    >>> rules = {"type": "object", "properties": {"steps": {"type": "integer"}}, "additionalProperties": False}
    >>> for mistake in structural_mistakes({"stpes": 3, "steps": 1.5}, rules, rules):
    ...     print(mistake)
    stpes = 3: unknown key; did you mean "steps"? allowed: "steps"
    steps = 1.5: must be an integer
    """
    rules = _resolved(rules, whole)
    if "oneOf" in rules:
        return _check_mistakes(value, rules["oneOf"], whole, key)
    if "anyOf" in rules and "required" not in rules["anyOf"][0]:
        return _option_mistakes(value, rules["anyOf"], whole, key)
    allowed = _types(rules)
    if allowed and not _has_type(value, rules):
        wanted = "must be " + " or ".join(_TYPES[name][1] for name in allowed)
        if allowed == ["array"] and isinstance(value, dict):
            wanted += "; double brackets around a heading make one"
        return [Mistake(key, value, wanted)]
    return [*_value_mistakes(value, rules, key), *_inner_mistakes(value, rules, whole, key)]


def _resolved(rules: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in rules:
        rules = whole["$defs"][rules["$ref"].removeprefix("#/$defs/")]
    return rules


def _types(rules: Mapping[str, Any]) -> list[str]:
    types = rules.get("type", [])
    return [types] if isinstance(types, str) else list(types)


def _has_type(value: Any, rules: Mapping[str, Any]) -> bool:
    names = _types(rules)
    if isinstance(value, bool):
        return "boolean" in names
    return any(isinstance(value, _TYPES[name][0]) for name in names)


def _words(rules: Mapping[str, Any]) -> list[str]:
    """The words among which a value has to be, if it has to."""
    return [rules["const"]] if "const" in rules else list(rules.get("enum", []))


def _value_mistakes(value: Any, rules: Mapping[str, Any], key: str) -> Iterator[Mistake]:
    words = _words(rules)
    if words and not (isinstance(value, str) and value in words):
        yield Mistake(key, value, nearest(value, words))
    if isinstance(value, str):
        if len(value) < rules.get("minLength", 0):
            yield Mistake(key, value, "must not be empty")
        elif len(value) > rules.get("maxLength", math.inf):
            yield Mistake(key, value, f"must have at most {rules['maxLength']} characters, has {len(value)}")
        elif "pattern" in rules and not re.fullmatch(rules["pattern"], value, re.ASCII):
            yield Mistake(key, value, rules.get("$comment") or f"must match {rules['pattern']}")
    elif _has_type(value, {"type": "number"}):
        yield from _number_mistakes(value, rules, key)


def _number_mistakes(value: float, rules: Mapping[str, Any], key: str) -> Iterator[Mistake]:
    try:
        is_finite = math.isfinite(value)
    except OverflowError:  # an int that no float holds
        is_finite = False
    if not is_finite:
        bounds = ", within 1.7e308 of 0" if isinstance(value, int) else ""
        yield Mistake(key, value, f"must be a finite number{bounds}")
        return
    for word, fits, sentence in (
        ("minimum", operator.ge, "at least"),
        ("maximum", operator.le, "at most"),
        ("exclusiveMinimum", operator.gt, "above"),
        ("exclusiveMaximum", operator.lt, "below"),
    ):
        if word in rules and not fits(value, rules[word]):
            yield Mistake(key, value, f"must be {sentence} {rules[word]}")


def _inner_mistakes(value: Any, rules: Mapping[str, Any], whole: Mapping[str, Any], key: str) -> Iterator[Mistake]:
    if isinstance(value, list):
        least, most = rules.get("minItems", 0), rules.get("maxItems", math.inf)
        if not least <= len(value) <= most:
            wanted = f"{least}" if least == most else f"{least} to {most}"
            yield Mistake(key, MISSING, f"must have {wanted} entries, has {len(value)}")
            return
        for i, item in enumerate(value, 1):
            yield from structural_mistakes(item, rules.get("items", {}), whole, f"{key}[{i}]")
    elif isinstance(value, dict):
        yield from _table_mistakes(value, rules, whole, key)


def _table_mistakes(
    value: dict[str, Any], rules: Mapping[str, Any], whole: Mapping[str, Any], key: str
) -> Iterator[Mistake]:
    properties, others = rules.get("properties", {}), rules.get("additionalProperties", True)
    least, most = rules.get("minProperties", 0), rules.get("maxProperties", math.inf)
    if not least <= len(value) <= most:
        yield Mistake(key, MISSING, f"must have {least} to {most} keys, has {len(value)}")
        return
    for name, item in value.items():
        where = _joined(key, name)
        if name not in properties and others is False:
            yield Mistake(where, item, "unknown key; " + nearest(name, properties))
        elif name in properties or others is not True:
            yield from structural_mistakes(item, properties.get(name, others), whole, where)
    for name in rules.get("required", []):
        if name not in value:
            yield Mistake(_joined(key, name), MISSING, "is missing")
    for name, needed in rules.get("dependentRequired", {}).items():
        for other in needed:
            if name in value and other not in value:
                yield Mistake(_joined(key, other), MISSING, f'is missing; "{name}" needs it')
    choices = [option["required"][0] for option in rules.get("anyOf", [])]
    if choices and not any(name in value for name in choices):
        yield Mistake(key, MISSING, "needs a condition: one of " + ", ".join(f'"{name}"' for name in choices))


def _joined(key: str, name: str) -> str:
    """A key inside another; odd characters, which could upset a terminal, are escaped."""
    readable = name[:LONGEST_SHOWN] if name.isprintable() and name else json.dumps(name[:LONGEST_SHOWN])
    return f"{key}.{readable}" if key else readable


def _option_mistakes(value: Any, options: list[Any], whole: Mapping[str, Any], key: str) -> list[Mistake]:
    """The mistakes inside the option that was meant, as far as the type tells; else what there is to choose."""
    options = [_resolved(option, whole) for option in options]
    tries = [structural_mistakes(value, option, whole, key) for option in options]
    if [] in tries:
        return []
    if isinstance(value, (dict, list)):
        for option, mistakes in zip(options, tries, strict=True):
            if _has_type(value, option):
                return mistakes
    words = [word for option in options for word in _words(option)]
    others = [
        _TYPES[name][1] + (f" of at least {option['minimum']}" if "minimum" in option else "")
        for option in options
        for name in _types(option)
    ]
    if isinstance(value, str) and words:
        return [Mistake(key, value, " or ".join([nearest(value, words), *others]))]
    return [Mistake(key, value, "must be " + " or ".join([*(f'"{word}"' for word in words), *others]))]


def _check_mistakes(value: Any, options: list[Any], whole: Mapping[str, Any], key: str) -> list[Mistake]:
    """Mistakes of the kind of check that the quantity names; if it names several, of the nearest."""
    if not isinstance(value, dict):
        return [Mistake(key, value, "must be a table")]
    if "quantity" not in value:
        slips = [name for name in value if _close(str(name)[:100].lower(), {"quantity": "quantity"})]
        if slips:
            return [Mistake(_joined(key, slips[0]), value[slips[0]], 'unknown key; did you mean "quantity"?')]
        return [Mistake(f"{key}.quantity", MISSING, "is missing")]
    kinds = [_resolved(option, whole) for option in options]
    quantities = [_words(_resolved(kind["properties"]["quantity"], whole)) for kind in kinds]
    wanted = value["quantity"]
    fitting = [kind for kind, names in zip(kinds, quantities, strict=True) if wanted in names]
    if not fitting:
        every = list(dict.fromkeys(name for names in quantities for name in names))
        return [Mistake(f"{key}.quantity", wanted, nearest(wanted, every))]
    return min((structural_mistakes(value, kind, whole, key) for kind in fitting), key=len)
