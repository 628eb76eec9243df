"""The structure of a claim file: its JSON schema, and what in a file does not fit it.

`schema.json` is the one place that says which keys there are and what they hold: editors
read it, and the loader goes through it here. Only the keywords that it uses are
understood, and instead of a yes or no there is one `Mistake` for each misfit.
"""

import difflib
import json
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, time
from importlib import resources
from typing import Any, NamedTuple

__all__ = ["Mistake", "nearest", "schema", "shown", "structural_mistakes"]

LONGEST_SHOWN = 60
NEAR = 0.65  # how much two words must have in common, for one to be taken for a slip in the other

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
}
_WORDS = {
    "object": "a table",
    "array": "an array",
    "string": "a string",
    "boolean": "true or false",
    "integer": "an integer",
    "number": "a number",
}


class Mistake(NamedTuple):
    """One thing in a claim file that the format does not allow.

    Parameters
    ----------
    key : str
        Where, such as ``check[1].quantity``; checks are counted from 1.
    value : Any
        What stands there; `MISSING` if it is missing.
    allowed : str
        What may stand there.
    """

    key: str
    value: Any
    allowed: str

    def __str__(self) -> str:
        value = "" if self.value is MISSING else shown(self.value)
        return f"{' = '.join(part for part in (self.key, value) if part)}: {self.allowed}"


class _Missing:
    """Stands for a value that is not there."""


MISSING = _Missing()


def schema() -> dict[str, Any]:
    """Read the JSON schema of claim files."""
    text = resources.files(__package__).joinpath("schema.json").read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def shown(value: Any) -> str:
    """A value as TOML would have it, cut to a readable length.

    Examples
    --------
    >>> shown(True), shown("weight"), shown([10] * 100)[-7:]
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
    """Everything in `value` that does not fit the rules.

    Parameters
    ----------
    value : Any
        As `tomllib` returns it.
    rules : mapping
        A schema, part of the `whole` one, in which its references are looked up.
    whole : mapping
    key : str
        Where `value` stands.

    Returns
    -------
    list of Mistake

    Examples
    --------
    >>> rules = {"type": "object", "properties": {"steps": {"type": "integer"}}, "additionalProperties": False}
    >>> for mistake in structural_mistakes({"stpes": 3, "steps": 1.5}, rules, rules):
    ...     print(mistake)
    stpes = 3: unknown key; did you mean "steps"? allowed: "steps"
    steps = 1.5: must be an integer
    """
    while "$ref" in rules:
        rules = whole["$defs"][rules["$ref"].removeprefix("#/$defs/")]
    if "oneOf" in rules:
        return _alternatives(value, rules["oneOf"], whole, key)
    if "anyOf" in rules and "required" not in rules["anyOf"][0]:
        tries = [structural_mistakes(value, option, whole, key) for option in rules["anyOf"]]
        return [] if any(not mistakes for mistakes in tries) else _of_the_fitting_type(value, tries, rules, whole, key)
    allowed = _types(rules)
    if allowed and not any(_TYPES[name](value) for name in allowed):
        brackets = (
            "; double brackets around a heading make one" if allowed == ["array"] and isinstance(value, dict) else ""
        )
        return [Mistake(key, value, "must be " + " or ".join(_WORDS[name] for name in allowed) + brackets)]
    return [*_value_mistakes(value, rules, key), *_inside(value, rules, whole, key)]


def _types(rules: Mapping[str, Any]) -> list[str]:
    types = rules.get("type", [])
    return [types] if isinstance(types, str) else list(types)


def _value_mistakes(value: Any, rules: Mapping[str, Any], key: str) -> Iterator[Mistake]:
    if "const" in rules and value != rules["const"]:
        yield Mistake(key, value, nearest(value, [rules["const"]]))
    if "enum" in rules and not (isinstance(value, str) and value in rules["enum"]):
        yield Mistake(key, value, nearest(value, rules["enum"]))
    if isinstance(value, str):
        if len(value) < rules.get("minLength", 0):
            yield Mistake(key, value, "must not be empty")
        elif len(value) > rules.get("maxLength", math.inf):
            yield Mistake(key, value, f"must have at most {rules['maxLength']} characters, has {len(value)}")
        elif "pattern" in rules and not re.fullmatch(rules["pattern"], value, re.ASCII):
            yield Mistake(key, value, rules.get("$comment") or f"must match {rules['pattern']}")
    elif _TYPES["number"](value):
        yield from _number_mistakes(value, rules, key)


def _number_mistakes(value: Any, rules: Mapping[str, Any], key: str) -> Iterator[Mistake]:
    if not _finite(value):
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


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an int that no float holds
        return False


def _inside(value: Any, rules: Mapping[str, Any], whole: Mapping[str, Any], key: str) -> Iterator[Mistake]:
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
        if name in properties:
            yield from structural_mistakes(item, properties[name], whole, where)
        elif others is False:
            yield Mistake(where, item, "unknown key; " + nearest(name, properties))
        elif others is not True:
            yield from structural_mistakes(item, others, whole, where)
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


def _of_the_fitting_type(
    value: Any, tries: list[list[Mistake]], rules: Mapping[str, Any], whole: Mapping[str, Any], key: str
) -> list[Mistake]:
    """The mistakes inside the alternative that was meant, as far as the type tells; else what there is to choose."""
    options = []
    for option, mistakes in zip(rules["anyOf"], tries, strict=True):
        while "$ref" in option:
            option = whole["$defs"][option["$ref"].removeprefix("#/$defs/")]
        if isinstance(value, (dict, list)) and any(_TYPES[name](value) for name in _types(option)):
            return mistakes
        options.append(option)
    words = [word for option in options for word in option.get("enum", [])]
    others = [_in_words(option, name) for option in options for name in _types(option)]
    if isinstance(value, str) and words:
        return [Mistake(key, value, " or ".join([nearest(value, words), *others]))]
    return [Mistake(key, value, "must be " + " or ".join([*(f'"{word}"' for word in words), *others]))]


def _in_words(rules: Mapping[str, Any], name: str) -> str:
    """A type and its smallest number, if it has one."""
    least = f" of at least {rules['minimum']}" if "minimum" in rules else ""
    return f"{_WORDS[name]}{least}"


def _alternatives(value: Any, options: list[Any], whole: Mapping[str, Any], key: str) -> list[Mistake]:
    """Mistakes of the kind of check that the quantity names; if it names several, of the nearest."""
    if not isinstance(value, dict):
        return [Mistake(key, value, "must be a table")]
    kinds = [whole["$defs"][option["$ref"].removeprefix("#/$defs/")] for option in options]
    quantities = [_quantities(kind, whole) for kind in kinds]
    if "quantity" not in value:
        return [Mistake(f"{key}.quantity", MISSING, "is missing")]
    wanted = value["quantity"]
    fitting = [
        kind for kind, names in zip(kinds, quantities, strict=True) if isinstance(wanted, str) and wanted in names
    ]
    if not fitting:
        every = list(dict.fromkeys(name for names in quantities for name in names))
        return [Mistake(f"{key}.quantity", wanted, nearest(wanted, every))]
    return min((structural_mistakes(value, kind, whole, key) for kind in fitting), key=len)


def _quantities(kind: Mapping[str, Any], whole: Mapping[str, Any]) -> list[str]:
    rules = kind["properties"]["quantity"]
    if "$ref" in rules:
        rules = whole["$defs"][rules["$ref"].removeprefix("#/$defs/")]
    return [rules["const"]] if "const" in rules else list(rules["enum"])
