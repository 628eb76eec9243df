"""Claim files: what is read, what is refused, and in which words."""

import copy
import json
import time
from pathlib import Path

import pytest

from compare.claims import ClaimFileError, load_claims
from compare.claims.structure import schema, structural_mistakes
from reference import SGD, Adam, Experiment, Parameters, Target

EVERY_KIND = Path(__file__).with_name("every_kind.toml")
HEAD = '[[claim]]\nid = "a"\nsays = "It is so."\nsource = "a test"\n'
CHECK = '[[claim.check]]\nquantity = "w"\nwhen = "end"\nbelow = 0.0\n'


def load(tmp_path, text):
    file = tmp_path / "mine.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_claims(file)


def mistakes(tmp_path, text):
    """The lines of the error, without the file's path."""
    with pytest.raises(ClaimFileError) as caught:
        load(tmp_path, text)
    prefix = f"{tmp_path / 'mine.toml'}: "
    assert str(caught.value).splitlines() == list(caught.value.lines)
    assert all(line.startswith(prefix) for line in caught.value.lines)
    return [line.removeprefix(prefix) for line in caught.value.lines]


def test_the_worked_example_has_every_kind_of_check():
    kinds = {type(check).__name__ for claim in load_claims(EVERY_KIND) for check in claim.checks}
    assert kinds == {
        "TrajectoryCheck",
        "StepsCheck",
        "Comparison",
        "SurfaceCheck",
        "MinimumCheck",
        "ConvexCheck",
        "CriticalPointCheck",
        "CrossingsCheck",
        "KinkCheck",
        "DefaultCheck",
        "AcceptsCheck",
        "ExistsCheck",
        "UpdateCheck",
        "FormulaCheck",
    }


def test_what_is_left_out_has_the_default_of_experiment(tmp_path):
    (claim,) = load(tmp_path, HEAD + CHECK)
    assert claim.experiment == Experiment()
    assert (claim.id, claim.says, claim.source) == ("a", "It is so.", "a test")
    assert (claim.expect, claim.url, claim.paragraph, claim.vary, claim.not_auditable) == (None, None, None, (), None)


def test_defaults_can_be_given(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(HEAD + "[claim.experiment]\nsteps = 7\n" + CHECK)
    (claim,) = load_claims(file, defaults=Experiment(seed=5, dtype="float64"))
    assert claim.experiment == Experiment(seed=5, dtype="float64", steps=7)


def test_an_experiment_is_built_as_it_is_written(tmp_path):
    text = (
        HEAD
        + """[claim.experiment]
initial = { w = 2, b = -0.5 }
trainable = ["b", "w"]
negative_slope = 0.25
optimizer = { name = "Adam", learning_rate = 0.5, amsgrad = true }
target = { w = 3.0 }
batch_size = 8
steps = 4
seed = 9
dtype = "float64"
"""
        + CHECK
    )
    (claim,) = load(tmp_path, text)
    assert claim.experiment == Experiment(
        initial=Parameters(w=2.0, b=-0.5),
        trainable=("w", "b"),
        negative_slope=0.25,
        optimizer=Adam(learning_rate=0.5, amsgrad=True),
        target=Target(w=3.0),
        batch_size=8,
        steps=4,
        seed=9,
        dtype="float64",
    )


def test_the_other_run_of_a_comparison_differs_in_what_is_said_only(tmp_path):
    text = (
        HEAD
        + "[claim.experiment]\nnegative_slope = 0.5\n"
        + '[[claim.check]]\nquantity = "w"\nwhen = "end"\nrelation = "less"\n'
        + 'than = { initial = { b = 1.0 }, optimizer = { name = "SGD", momentum = 0.5 } }\n'
    )
    (claim,) = load(tmp_path, text)
    (check,) = claim.checks
    assert check.other == Experiment(
        negative_slope=0.5, initial=Parameters(w=-10.0, b=1.0), optimizer=SGD(momentum=0.5)
    )


MISTAKES = {
    "unknown key": (HEAD + CHECK + "frm = 3\n", 'a: check[1].frm = 3: unknown key; did you mean "'),
    "unknown quantity": (
        HEAD + CHECK.replace('"w"', '"weight"'),
        'a: check[1].quantity = "weight": did you mean "w"? allowed: "w", "b", ',
    ),
    "misspelt when": (HEAD + CHECK.replace("end", "alwys"), 'a: check[1].when = "alwys": must be "end" or "ever" or '),
    "wrong type": (HEAD + CHECK.replace("0.0", '"zero"'), 'a: check[1].below = "zero": must be a number'),
    "a bool is no number": (HEAD + CHECK.replace("0.0", "true"), "a: check[1].below = true: must be a number"),
    "not finite": (HEAD + CHECK.replace("0.0", "nan"), "a: check[1].below = nan: must be a finite number"),
    "too large for a float": (
        HEAD + CHECK.replace("0.0", "9" * 400),
        "a: check[1].below = an integer of 1329 bits: must be a finite number",
    ),
    "no condition": (HEAD + CHECK.replace("below = 0.0\n", ""), "a: check[1]: needs a condition: one of "),
    "near without within": (
        HEAD + CHECK.replace("below = 0.0", "near = 1.0"),
        'a: check[1].within: is missing; "near" needs it',
    ),
    "a step beyond the run": (
        HEAD + CHECK.replace('"end"', "2001"),
        "a: check[1].when = 2001: must be at most 2000, the experiment has 2000 steps",
    ),
    "a batch beyond the run": (
        HEAD + CHECK.replace('"end"', "2000").replace('"w"', '"loss"'),
        "a: check[1].when = 2000: must be at most 1999, the experiment has 2000 steps",
    ),
    "an impossible condition": (
        HEAD + CHECK + "above = 1.0\n",
        "a: check[1].below = 0.0: is a condition that no number meets",
    ),
    "a gradient of what is not trained": (
        HEAD + CHECK.replace('"w"', '"gradient.b"'),
        'a: check[1].quantity = "gradient.b": b is not trained; experiment.trainable has w',
    ),
    "no check": (HEAD, 'a: check: needs either "check" or "not_auditable"'),
    "an unknown optimizer": (
        HEAD + '[claim.experiment]\noptimizer = { name = "Adm" }\n' + CHECK,
        'a: experiment.optimizer.name = "Adm": unknown optimizer; did you mean "Adam"? allowed: ',
    ),
    "an unknown setting": (
        HEAD + '[claim.experiment]\noptimizer = { name = "SGD", lr = 0.1 }\n' + CHECK,
        'a: experiment.optimizer.lr = 0.1: unknown setting of SGD; did you mean "learning_rate"? allowed: ',
    ),
    "an impossible setting": (
        HEAD + '[claim.experiment]\noptimizer = { name = "SGD", momentum = 1.5 }\n' + CHECK,
        "a: experiment.optimizer.momentum = 1.5: must be in [0, 1]",
    ),
    "a setting of another type": (
        HEAD + '[claim.experiment]\noptimizer = { name = "SGD", nesterov = 1.0 }\n' + CHECK,
        "a: experiment.optimizer.nesterov = 1.0: must be True or False",
    ),
    "no steps": (HEAD + "[claim.experiment]\nsteps = 0\n" + CHECK, "a: experiment.steps = 0: must be at least 1"),
    "an infinite start": (
        HEAD + "[claim.experiment]\ninitial = { w = inf }\n" + CHECK,
        "a: experiment.initial.w = inf: must be a finite number",
    ),
    "a start beyond float32": (
        HEAD + "[claim.experiment]\ninitial = { w = 1e39 }\n" + CHECK,
        "a: experiment.initial = {'w': 1e+39}: must be finite in float32",
    ),
    "an unknown verdict": (
        HEAD.replace("source", 'expect = "hold"\nsource') + CHECK,
        'a: expect = "hold": did you mean',
    ),
    "an id with blanks": (
        HEAD.replace('"a"', '"A b"') + CHECK,
        'A b: id = "A b": must be lower-case words and digits joined by hyphens',
    ),
    "a url of another kind": (
        HEAD + 'url = "file:///etc/passwd"\n' + CHECK,
        'a: url = "file:///etc/passwd": must begin with http:// or https://',
    ),
    "a setting that cannot be varied": (
        HEAD + "vary = { learningrate = [0.1, 0.2] }\n" + CHECK,
        'a: vary.learningrate = [0.1, 0.2]: cannot be varied; did you mean "learning_rate"? allowed: ',
    ),
    "a range from high to low": (
        HEAD + "vary = { learning_rate = [0.2, 0.1] }\n" + CHECK,
        "a: vary.learning_rate = [0.2, 0.1]: must go from a smaller to a larger number",
    ),
    "a range beyond what is allowed": (
        HEAD + "vary = { momentum = [0.0, 2.0] }\n" + CHECK,
        "a: vary.momentum = 2.0: SGD.momentum must be in [0, 1], got 2.0",
    ),
    "a share without starts": (
        HEAD + CHECK + 'share = { of = "starts", above = 0.5 }\n',
        "a: check[1].share.initial: goes with a share of starts, and only with that",
    ),
    "two ways at once": (
        HEAD + CHECK + 'relation = "less"\nthan = { steps = 3 }\n',
        'a: check[1].below = 0.0: cannot be combined with "relation"',
    ),
    "an x where there is none": (
        HEAD + '[[claim.check]]\nquantity = "expected_loss"\nat = { w = 1.0, x = 2.0 }\nbelow = 1.0\n',
        "a: check[1].at.x = 2.0: expected_loss has no x",
    ),
    "a formula with unknown names": (
        HEAD + '[[claim.check]]\nquantity = "update"\nrule = { w = "w - eta * g" }\n',
        'a: check[1].rule.w = "w - eta * g": unknown name "eta"; names: g, learning_rate, momentum, t, w',
    ),
    "a rule for the gradient": (
        HEAD + '[[claim.check]]\nquantity = "update"\nrule = { g = "2 * g", w = "w - g" }\n',
        'a: check[1].rule.g = "2 * g": cannot be assigned; assign to w, or a name of your own',
    ),
    "a side and a framework": (
        HEAD + '[[claim.check]]\nquantity = "kink_derivative"\nfunction = "relu"\nabove = 0.5\n',
        'a: check[1].side: needs either "side" or "framework", not both',
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line_with_claim_key_value_and_what_is_allowed(name, tmp_path):
    text, expected = MISTAKES[name]
    lines = mistakes(tmp_path, text)
    assert len(lines) == 1, lines
    assert lines[0].startswith(expected)


def test_all_mistakes_of_a_file_come_at_once(tmp_path):
    text = (
        HEAD.replace('"a"', '"first"')
        + "vary = { nothing = [0.0, 1.0] }\n[claim.experiment]\nsteps = 10\n"
        + CHECK.replace("below", "belwo")
        + CHECK.replace('"end"', "11")
        + HEAD.replace("says", "sys")
    )
    assert [line.split("=")[0].rstrip(": ") for line in mistakes(tmp_path, text)] == [
        "first: check[1].belwo",
        'first: check[1]: needs a condition: one of "below", "above", "near", "relation"',
        "first: check[2].when",
        "first: vary.nothing",
        "a: sys",
        "a: says: is missing",
        'a: check: needs either "check" or "not_auditable"',
    ]


def test_an_id_may_be_used_once(tmp_path):
    assert mistakes(tmp_path, (HEAD + CHECK) * 2) == ['a: id = "a": must be unique in its file']


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"\xff\xfe[[claim]]", "line 1: is not UTF-8: byte 0xff"),
        ("[[claim]\n", "is not TOML: Expected ']]' at the end of an array declaration (at line 1, column 8)"),
        ("a = " + "[" * 2000, "is nested too deeply"),
        ("a = " + "[" * 100_000, "line 1: is too long: at most 10000 characters"),
        ("a = 1" + "0" * 9000, "is not TOML: Exceeds the limit (4300 digits) for integer string conversion: "),
        ("", "claim: is missing"),
        ("claim = 3", "claim = 3: must be an array"),
        ("claim = []", "claim: must have 1 to 1000 entries, has 0"),
        ("claim = [3]", "claim 1: 3: must be a table"),
        (HEAD.replace("[[claim]]", "[[claims]]"), "claims = [{"),
        ((HEAD + CHECK) * 10_000, "claim: must have 1 to 1000 entries, has 10000"),
        ("x" * 4_000_001, "is too large: at most 4000000 bytes are read"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_malformed_and_hostile_files_are_refused_quickly(text, expected, tmp_path):
    began = time.process_time()
    lines = mistakes(tmp_path, text)
    assert time.process_time() - began < 5
    assert lines[0].startswith(expected)
    assert all(len(line) < 2000 for line in lines)


def test_a_file_that_cannot_be_read_is_said_so(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ClaimFileError, match="cannot be read"):
            load_claims(path)


def test_messages_hold_no_control_characters(tmp_path):
    lines = mistakes(tmp_path, HEAD.replace("It is so.", "\\u001b[31m") + '"\\u001b[2J" = 1\n' + CHECK)
    assert len(lines) == 2
    assert not any(character < " " for line in lines for character in line)


# The schema is what editors read: it has to draw the same line as the loader.


def validates(document):
    rules = schema()
    return not structural_mistakes(document, rules, rules)


def test_the_worked_example_fits_the_schema():
    import tomllib

    assert validates(tomllib.loads(EVERY_KIND.read_text()))


@pytest.mark.parametrize("name", MISTAKES)
def test_what_the_schema_refuses_the_loader_refuses_too(name, tmp_path):
    import tomllib

    text, _ = MISTAKES[name]
    if not validates(tomllib.loads(text)):
        assert mistakes(tmp_path, text)


def test_every_key_of_the_schema_is_used_by_the_worked_example():
    """So that there is no key that no test reads."""
    import tomllib

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
    copy.deepcopy(one)["$defs"].clear()
    one["$defs"].clear()
    assert other["$defs"]
    assert json.loads(json.dumps(other)) == other


def test_kinds_of_critical_points_are_those_of_the_surface():
    from compare.surface import KINDS

    kinds = schema()["$defs"]["stationary"]["properties"]["is"]["enum"]
    assert set(kinds) - {"none"} <= set(KINDS)
    assert {kind for kind in KINDS if "infinity" not in kind} <= set(kinds)
