"""Claim files: what is read, what is refused, and in which words."""

import time
import tomllib
from pathlib import Path

import pytest

from compare.claims import ClaimFileError, load_claims
from compare.claims.witnesses.paths.statements import other_run
from reference import SGD, Adam, Experiment, Parameters, Target

EVERY_KIND = Path(__file__).parents[1] / "every_kind.toml"
MISTAKES = tomllib.loads(Path(__file__).with_name("mistakes.toml").read_text())
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
        "ComparisonCheck",
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
    assert other_run(check, claim.experiment) == Experiment(
        negative_slope=0.5, initial=Parameters(w=-10.0, b=1.0), optimizer=SGD(momentum=0.5)
    )


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line_with_claim_key_value_and_what_is_allowed(name, tmp_path):
    lines = mistakes(tmp_path, MISTAKES[name]["file"])
    assert len(lines) == 1, lines
    assert lines[0].startswith(MISTAKES[name]["says"])


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


@pytest.mark.parametrize("slip", ["quantitiy", "quantiy", "Quantity"])
def test_a_slip_in_the_word_quantity_is_taken_for_one(tmp_path, slip):
    (line,) = mistakes(tmp_path, HEAD + CHECK.replace("quantity", slip))
    assert line.startswith(f"a: check[1].{slip} = ")
    assert line.endswith('unknown key; did you mean "quantity"?')


def test_an_id_may_be_used_once(tmp_path):
    assert mistakes(tmp_path, (HEAD + CHECK) * 2) == ['a: id = "a": must be unique in its file']


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"\xff\xfe[[claim]]", "line 1: is not UTF-8: byte 0xff"),
        ("[[claim]\n", "is not TOML: Expected ']]' at the end of an array declaration (at line 1, column 8)"),
        ("a = " + "[" * 2000, "is nested too deeply"),
        ("a = " + "[" * 100_000, "line 1: is too long: at most 10000 characters"),
        ("a = 1" + "0" * 9000, "holds a number of too many digits"),
        (HEAD + ".".join(["a"] * 4000) + " = 1\n", "is nested too deeply"),
        (HEAD + f"[{'.'.join(['a'] * 4000)}]\n", "is nested too deeply"),
        (HEAD.replace("so.", "\u202eos.") + CHECK, 'a: says = "It is \\u202eos.": must hold no control characters'),
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


def test_the_mark_that_some_editors_put_first_is_no_mistake(tmp_path):
    (claim,) = load(tmp_path, b"\xef\xbb\xbf" + (HEAD + CHECK).encode())
    assert claim.id == "a"


def test_a_file_that_cannot_be_read_is_said_so(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ClaimFileError, match="cannot be read"):
            load_claims(path)


def test_messages_hold_no_control_characters(tmp_path):
    lines = mistakes(tmp_path, HEAD.replace("It is so.", "\\u001b[31m") + '"\\u001b[2J" = 1\n' + CHECK)
    assert len(lines) == 2
    assert not any(character < " " for line in lines for character in line)
