"""The claims that ship: well-formed, packaged, judged as they say, and decided by the right numbers.

Where a boundary has no closed form, it is held against the expected dynamics written out
here once more, in 40 digits: on either side of it the claim must come out differently.
"""

import re
from importlib import resources

import mpmath
import pytest

import compare.claims
from compare.claims import SharedRuns, judge_all, load_claims
from compare.claims.values import StepsCheck
from compare.claims.verdicts import NEEDS_KERAS
from compare.claims.witnesses.installed_keras import only_keras

FILES = ("source.toml", "field.toml")
QUESTION = "https://stats.stackexchange.com/questions/379884/why-cant-a-single-relu-learn-a-relu"


def shipped(name):
    with resources.as_file(resources.files(compare.claims) / "shipped" / name) as path:
        return load_claims(path)


CLAIMS = {claim.id: claim for name in FILES for claim in shipped(name)}
EXACT_DIGITS = 40


@pytest.fixture(scope="module")
def verdicts():
    return {verdict.claim.id: verdict for verdict in judge_all(CLAIMS.values(), SharedRuns())}


def boundary(verdict, setting):
    """The nearest flip along a setting."""
    return next(found for found in verdict.boundaries if found.setting == setting)


# What a claim file owes its readers.


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_packaged_and_has_at_least_25_claims(name):
    assert len(shipped(name)) >= 25


def test_no_id_is_used_twice():
    assert len(CLAIMS) == sum(len(shipped(name)) for name in FILES)


@pytest.mark.parametrize("id", CLAIMS)
def test_every_claim_says_who_makes_it_where_and_what_is_expected(id):
    claim = CLAIMS[id]
    assert claim.paragraph
    assert claim.url
    assert claim.expect is not None
    assert (claim.expect == "not auditable") == (claim.not_auditable is not None)


def test_the_source_is_the_question_and_its_accepted_answer():
    claims = shipped("source.toml")
    assert {claim.source for claim in claims} == {"question", "accepted answer"}
    assert {claim.url for claim in claims} == {QUESTION}


def test_every_paragraph_of_the_source_has_its_claims_in_order():
    for source, last in (("question", 7), ("accepted answer", 13)):
        places = [claim.paragraph for claim in shipped("source.toml") if claim.source == source]
        numbers = [int(found[1]) for place in places if (found := re.match(r"(\d+), ", place))]
        assert set(numbers) == set(range(1, last + 1))


def test_sentences_are_sentences():
    for claim in CLAIMS.values():
        assert claim.says[0].isupper(), claim.id
        assert claim.says.endswith("."), claim.id


# Verdicts.


@pytest.mark.parametrize("id", CLAIMS)
def test_without_keras_every_claim_is_judged_as_expected_or_says_that_it_needs_keras(id, verdicts):
    verdict = verdicts[id]
    assert verdict.as_expected is not False, verdict.why
    if verdict.as_expected is None:
        assert NEEDS_KERAS in verdict.why
        assert any(only_keras(check) for check in CLAIMS[id].checks)


@pytest.mark.parametrize("id", CLAIMS)
def test_no_witness_contradicts_another(id, verdicts):
    assert verdicts[id].contradictions == ()


def test_what_only_keras_can_tell_is_judged_as_expected():
    import keras_impl

    asked = [claim for claim in CLAIMS.values() if claim.checks and all(only_keras(check) for check in claim.checks)]
    judged = list(judge_all(asked, SharedRuns(keras_impl.Recorder())))
    assert len(judged) >= 10
    assert {v.claim.id: v.verdict for v in judged} == {claim.id: claim.expect for claim in asked}


def test_nothing_is_undecided(verdicts):
    assert not {id for id, v in verdicts.items() if v.verdict == "undecided" and NEEDS_KERAS not in v.why}


def test_what_hangs_on_the_value_at_zero_has_it_for_a_boundary(verdicts):
    boundary = verdicts["value-at-zero-does-not-matter"].boundary
    assert (boundary.setting, boundary.value, boundary.below, boundary.above) == ("relu'(0)", 0.0, False, True)


# The numbers that decide, by other means.


def expected_weights(w, steps, *, rate=0.01, momentum=0.0, slope=0.0):
    """The weight after 0, 1, ... steps of gradient descent on the expected loss, by hand."""
    with mpmath.workdps(EXACT_DIGITS):
        w, rate, momentum, c = (mpmath.mpf(number) for number in (w, rate, momentum, slope))
        velocity, path = mpmath.mpf(0), [w]
        for _ in range(steps):
            gradient = (1 + c * c) * w - (c if w < 0 else 1)
            velocity = momentum * velocity - rate * gradient
            w += velocity
            path.append(w)
        return path


def adam_weights(w, steps, *, rate=0.01, amsgrad=False):
    """The same for Adam, with Keras' decay rates and epsilon, in the form before the paper's section 2.1."""
    with mpmath.workdps(EXACT_DIGITS):
        w, m, v, largest = mpmath.mpf(w), mpmath.mpf(0), mpmath.mpf(0), mpmath.mpf(0)
        b1, b2, eps, rate = (mpmath.mpf(number) for number in (0.9, 0.999, 1e-7, rate))
        path = [w]
        for t in range(1, steps + 1):
            gradient = w if w < 0 else w - 1
            m, v = b1 * m + (1 - b1) * gradient, b2 * v + (1 - b2) * gradient**2
            largest = max(largest, v) if amsgrad else v
            w -= rate * mpmath.sqrt(1 - b2**t) / (1 - b1**t) * m / (mpmath.sqrt(largest) + eps)
            path.append(w)
        return path


def leaky_loss(w, c):
    return ((w - 1) ** 2 + (c * w) ** 2) / 2


def met(id, number):
    """The condition of a claim's last check, on a number of any precision."""
    check = CLAIMS[id].checks[-1]
    condition = check.until.condition if isinstance(check, StepsCheck) else check.condition
    near = condition.near is None or abs(number - condition.near) <= condition.within
    below = condition.below is None or number < condition.below
    return near and below and (condition.above is None or number > condition.above)


# The claim, the setting along which it flips, and the number that decides as a function of that setting.
ALONG_SETTINGS = [
    ("leaky-slope-need-only-be-small", "negative_slope", lambda c: max(expected_weights(-10, 2000, slope=c))),
    ("nonzero-left-derivative-is-enough", "negative_slope", lambda c: max(expected_weights(-10, 2000, slope=c))),
    ("leaky-loss-gets-small", "negative_slope", lambda c: leaky_loss(expected_weights(-10, 2000, slope=c)[-1], c)),
    ("leaky-fixes-the-problem", "negative_slope", lambda c: leaky_loss(expected_weights(-10, 2000, slope=c)[-1], c)),
    ("leaky-weight-comes-near-one", "negative_slope", lambda c: expected_weights(-10, 2000, slope=c)[-1]),
    ("leaky-weight-moves-to-one", "negative_slope", lambda c: expected_weights(-10, 2000, slope=c)[-1]),
    ("right-way-start-is-quick", "learning_rate", lambda rate: expected_weights(10, 999, rate=rate)[-1]),
    ("momentum-from-10-does-not-help", "momentum", lambda mu: max(expected_weights(-10, 2000, momentum=mu))),
    ("momentum-from-1-gets-across", "momentum", lambda mu: expected_weights(-1, 2000, momentum=mu)[-1]),
    (
        "momentum-from-1-gets-across",
        "learning_rate",
        lambda rate: expected_weights(-1, 2000, momentum=0.9, rate=rate)[-1],
    ),
    ("adam-from-1-gets-across", "learning_rate", lambda rate: adam_weights(-1, 2000, rate=rate)[-1]),
    ("adam-from-10-does-not-help", "initial.w", lambda w: max(adam_weights(w, 2000))),
    ("amsgrad-from-10-does-not-help", "initial.w", lambda w: max(adam_weights(w, 2000, amsgrad=True))),
]


@pytest.mark.parametrize(("id", "setting", "number"), ALONG_SETTINGS)
def test_the_claim_written_out_flips_across_its_boundary(id, setting, number, verdicts):
    found = boundary(verdicts[id], setting)
    low, high = found.bracket
    assert (met(id, number(low)), met(id, number(high))) == (found.below, found.above)
    assert found.below != found.above


@pytest.mark.parametrize(("id", "setting", "number"), ALONG_SETTINGS)
def test_a_boundary_a_hundredth_away_would_be_noticed(id, setting, number, verdicts):
    found = boundary(verdicts[id], setting)
    for off in (0.99, 1.01):
        low, high = (met(id, number(off * side)) for side in found.bracket)
        assert low == high


@pytest.mark.parametrize(
    ("id", "path"),
    [
        ("momentum-from-10-does-not-help", lambda: expected_weights(-10, 30, momentum=0.9)),
        ("adam-from-10-does-not-help", lambda: adam_weights(-10, 6300)),
        ("kink-is-what-kills", lambda: expected_weights(-10, 400, slope=0.3)),
    ],
)
def test_the_first_step_at_which_a_claim_is_false_is_that_of_the_dynamics_written_out(id, path, verdicts):
    first = next(n for n, w in enumerate(path()) if not met(id, w))
    assert boundary(verdicts[id], "steps").value == first


def test_adam_is_behind_plain_sgd_until_it_overtakes_it_just_below_zero(verdicts):
    adam, sgd = adam_weights(-10, 6300), expected_weights(-10, 6300)
    first = next(n for n in range(2000, 6301) if adam[n] >= sgd[n])
    assert boundary(verdicts["adam-ends-behind"], "steps").value == first


@pytest.mark.parametrize(
    ("id", "setting", "limit"),
    [
        ("plain-sgd-from-1-gets-across", "learning_rate", 1),
        ("start-decides-whether-it-jumps", "learning_rate", 1),
        ("one-relu-cannot-learn-another", "initial.w", 0),
        ("descent-finds-the-global-minimum", "initial.w", 0),
    ],
)
def test_sign_keeping_ends_where_the_algebra_says(id, setting, limit, verdicts):
    low, high = boundary(verdicts[id], setting).bracket
    assert low <= limit <= high


def test_no_start_decides_whether_plain_sgd_jumps(verdicts):
    verdict = verdicts["start-decides-whether-it-jumps"]
    assert "initial.w" in {name for name, _, _ in verdict.searched}


@pytest.mark.parametrize(
    "id", ["backward-start-never-crosses-zero", "all-negative-starts-stall", "right-way-start-converges-to-one"]
)
def test_what_is_claimed_of_a_range_is_looked_for_in_it(id, verdicts):
    verdict = verdicts[id]
    (vary,) = CLAIMS[id].vary
    assert vary.claimed
    assert (vary.setting, vary.low, vary.high) in verdict.searched
