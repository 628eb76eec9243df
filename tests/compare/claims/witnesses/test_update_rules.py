"""Update rules held against recorded steps: the right ones pass, each wrong one is caught, and neither by slack."""

from pathlib import Path

import numpy as np
import pytest

from compare.claims import load_claims
from compare.claims.formula import parse
from compare.claims.values import UpdateCheck
from compare.claims.witnesses.update_rules.recorded_steps import judge_update
from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop, train

ADAM = {
    "m": "beta_1 * m + (1 - beta_1) * g",
    "v": "beta_2 * v + (1 - beta_2) * g**2",
    "w": "w - learning_rate * (m / (1 - beta_1**t)) / (sqrt(v) / sqrt(1 - beta_2**t) + epsilon / sqrt(1 - beta_2**t))",
}
AMSGRAD = {
    "m": ADAM["m"],
    "v": ADAM["v"],
    "v_hat": "max(v_hat, v)",
    "w": ADAM["w"].replace("sqrt(v)", "sqrt(v_hat)"),
}
RIGHT = [
    (SGD(learning_rate=0.1), {"w": "w - learning_rate * g"}),
    (SGD(learning_rate=0.1, momentum=0.9), {"m": "momentum * m - learning_rate * g", "w": "w + m"}),
    (
        SGD(learning_rate=0.1, momentum=0.9, nesterov=True),
        {"m": "momentum * m - learning_rate * g", "w": "w + momentum * m - learning_rate * g"},
    ),
    (Adam(), ADAM),
    (Adam(learning_rate=0.25, amsgrad=True), AMSGRAD),
    (RMSprop(), {"v": "rho * v + (1 - rho) * g * g", "w": "w - learning_rate * g / sqrt(v + epsilon)"}),
]
WRONG = [
    (SGD(learning_rate=0.1), {"w": "w + learning_rate * g"}),
    (SGD(learning_rate=0.1), {"w": "w - 1.001 * learning_rate * g"}),
    (SGD(learning_rate=0.1), {"w": "w"}),
    (SGD(learning_rate=0.1, momentum=0.9), {"w": "w - learning_rate * g"}),
    (SGD(learning_rate=0.1, momentum=0.9), {"m": "momentum * m - g", "w": "w + learning_rate * m"}),
    (SGD(learning_rate=0.1, momentum=0.9), {"m": "momentum * m - (1 - momentum) * learning_rate * g", "w": "w + m"}),
    (SGD(learning_rate=0.1, momentum=0.9, nesterov=True), {"m": "momentum * m - learning_rate * g", "w": "w + m"}),
    (Adam(), ADAM | {"w": "w - learning_rate * m / (sqrt(v) + epsilon)"}),
    (Adam(), ADAM | {"v": "beta_1 * v + (1 - beta_1) * g**2"}),
    (Adam(learning_rate=0.25, amsgrad=True), AMSGRAD | {"v_hat": "v"}),
    (Adam(learning_rate=0.25, amsgrad=True), ADAM),
    (RMSprop(), {"v": "rho * v + (1 - rho) * g", "w": "w - learning_rate * g / sqrt(v + epsilon)"}),
]


def judged(optimizer, rule, dtype, **changes):
    names = {"w", "g", "t", "m", "v", "v_hat", "a", *vars(optimizer), *rule}
    check = UpdateCheck(rule=tuple((name, parse(text, names)) for name, text in rule.items()))
    run = {"initial": Parameters(w=2.0, b=0.5), "trainable": ("w", "b"), "steps": 60, "batch_size": 20}
    return judge_update(check, train(Experiment(optimizer=optimizer, dtype=dtype, **(run | changes))))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("optimizer", "rule"), RIGHT, ids=lambda value: "" if isinstance(value, dict) else repr(value))
def test_the_right_rule_is_within_rounding(optimizer, rule, dtype):
    found = judged(optimizer, rule, dtype)
    assert found.met is True
    assert found.number <= 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("optimizer", "rule"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_rule_is_not(optimizer, rule, dtype):
    found = judged(optimizer, rule, dtype)
    assert found.met is False
    assert found.number > 1
    assert "by the rule" in found.says


def test_where_epsilon_sits_shows_near_the_minimum():
    outside = {"v": "rho * v + (1 - rho) * g * g", "w": "w - learning_rate * g / (sqrt(v) + epsilon)"}
    check = UpdateCheck(
        rule=tuple((n, parse(text, {"w", "g", "v", "rho", "learning_rate", "epsilon"})) for n, text in outside.items())
    )
    near = Experiment(initial=Parameters(w=1.0 + 2.0**-10), optimizer=RMSprop(), steps=60, dtype="float64")
    assert judge_update(check, train(near)).met is False


def test_the_worked_examples_rule_is_judged():
    claims = {claim.id: claim for claim in load_claims(Path(__file__).parents[1] / "every_kind.toml")}
    claim = claims["momentum-rule"]
    assert judge_update(claim.checks[0], train(claim.experiment)).met is True
    assert np.isfinite(judge_update(claim.checks[0], train(claim.experiment)).number)


def with_(rule, **changes):
    """A rule with some of its texts replaced in others."""
    return {name: text.replace(*changes[name]) if name in changes else text for name, text in rule.items()}


def with_momentum(rule):
    """RMSprop's: the step goes into m, which is subtracted."""
    step = rule["w"].removeprefix("w - ")
    return {name: text for name, text in rule.items() if name != "w"} | {"m": f"momentum * m + {step}", "w": "w - m"}


PLAIN_ADAM = {
    "m": "m + (g - m) * (1 - beta_1)",
    "v": "v + (g * g - v) * (1 - beta_2)",
    "w": "w - learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (sqrt(v) + epsilon)",
}
DECAYED = {"u": "w - w * weight_decay * learning_rate"} | with_(PLAIN_ADAM, w=("w - ", "u - "))
MOMENTS = {name: PLAIN_ADAM[name] for name in "mv"}
DECAYED_AFTER = MOMENTS | {"u": PLAIN_ADAM["w"], "w": "u - learning_rate * weight_decay * u"}
RMSPROP = {"v": "rho * v + (1 - rho) * g * g", "w": "w - learning_rate * g / sqrt(v + epsilon)"}
CENTERED = {"v": RMSPROP["v"], "a": "rho * a + (1 - rho) * g", "w": "w - learning_rate * g / sqrt(v - a * a + epsilon)"}
MOMENTUM = SGD(momentum=0.9)

# Each in another way of writing it.
SAME = [
    (SGD(), {"w": "w + (-g) * learning_rate"}),
    (SGD(), {"w": "w - 0.01 * g"}),
    (SGD(), {"w": "w - learning_rate * (g if g <= 0 or not g < 0 else 7)"}),
    (SGD(), {"w": "w - learning_rate * abs(g) * sign(g)"}),
    (SGD(), {"w": "w - learning_rate * (max(g, 0) + min(g, 0))"}),
    (MOMENTUM, {"w": "w + momentum * m - learning_rate * g", "m": "momentum * m - learning_rate * g"}),
    (MOMENTUM, {"m": "0.9 * m - 0.01 * g", "w": "w + m"}),  # 0.9 is the momentum, which Keras rounds through float32
    (
        SGD(momentum=0.9, nesterov=True),
        {"old": "m", "m": "momentum * m - learning_rate * g", "w": "w - momentum * old + (1 + momentum) * m"},
    ),
    (Adam(), PLAIN_ADAM),
    (Adam(), with_(ADAM, m=("(1 - beta_1)", "0.1"), v=("(1 - beta_2)", "0.001"))),
    (
        Adam(),
        {
            "c": "1 - beta_1",
            **with_(PLAIN_ADAM, m=("(1 - beta_1)", "c")),
            "w": PLAIN_ADAM["w"].replace("sqrt(v)", "v**0.5"),
        },
    ),
    (Adam(beta_1=0.1, beta_2=0.2), ADAM),
    (AdamW(), DECAYED),
    (AdamW(), with_(PLAIN_ADAM, w=("w - ", "w * (1 - weight_decay * learning_rate) - "))),
    (AdamW(), with_(PLAIN_ADAM, w=("w - ", "w - learning_rate * weight_decay * w - "))),
    (RMSprop(), RMSPROP),
    (RMSprop(), {"v": "v + (1 - rho) * (g**2 - v)", "w": "w - learning_rate * g * (v + epsilon) ** -0.5"}),
    (RMSprop(momentum=0.9), with_momentum(RMSPROP)),
    (RMSprop(centered=True), CENTERED),
    (RMSprop(centered=True, momentum=0.5), with_momentum(CENTERED)),
]
RUNS = {
    "two parameters": {},
    "near the minimum": {"initial": Parameters(w=1.001), "trainable": ("w",)},
    "four parameters": {
        "initial": Parameters(w=-10.0, b=3.0, v=0.7, d=-0.2),
        "trainable": ("w", "b", "v", "d"),
        "negative_slope": 0.1,
    },
}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("optimizer", "rule"), SAME, ids=range(len(SAME)))
def test_the_right_rule_holds_however_it_is_written(optimizer, rule, dtype, run):
    found = judged(optimizer, rule, dtype, **RUNS[run])
    assert found.met is True, found
    assert found.number <= 1


# Wrong by less than float32 tells: in float64 each is refuted, with a wide margin.
SLIGHTLY_WRONG = [
    (AdamW(), DECAYED_AFTER),
    (AdamW(), with_(DECAYED, v=("beta_2)", "beta_2) * 1.00001"))),
    (AdamW(), with_(DECAYED, v=("v + (g", "1.00001 * v + (g"))),
    (Adam(), with_(PLAIN_ADAM, w=("(sqrt(v) + epsilon)", "sqrt(v + epsilon)"))),
    (Adam(), {**PLAIN_ADAM, "w": "w - learning_rate * (m / (1 - beta_1**t)) / (sqrt(v / (1 - beta_2**t)) + epsilon)"}),
    (Adam(), with_(PLAIN_ADAM, m=("beta_1", "beta_1 * 1.000001"))),
    (Adam(), with_(PLAIN_ADAM, v=("beta_2", "beta_2 * 0.999999"))),
    (Adam(), with_(PLAIN_ADAM, w=("beta_1**t", "(beta_1 * 1.0000002)**t"))),
    (Adam(), with_(PLAIN_ADAM, w=("learning_rate", "1.0000001 * learning_rate"))),
    (Adam(), {**PLAIN_ADAM, "w": "w - learning_rate * m / (sqrt(v) + epsilon)"}),
    (SGD(), {"w": "w - 1.0000001 * learning_rate * g"}),
    (MOMENTUM, {"m": "0.9000001 * m - learning_rate * g", "w": "w + m"}),
    (RMSprop(), with_(RMSPROP, w=("sqrt(v + epsilon)", "(sqrt(v) + epsilon)"))),
    (RMSprop(), with_(RMSPROP, v=("rho * v", "1.000001 * rho * v"))),
]


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(("optimizer", "rule"), SLIGHTLY_WRONG, ids=range(len(SLIGHTLY_WRONG)))
def test_float64_refutes_what_is_slightly_wrong_and_float32_never_confirms_it(optimizer, rule, run):
    found = judged(optimizer, rule, "float64", **RUNS[run])
    assert found.met is False
    assert found.number > 100
    assert judged(optimizer, rule, "float32", **RUNS[run]).met is not True


DEAD = {"initial": Parameters(w=0.1, b=-50.0)}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("optimizer", "rule"),
    [
        (SGD(), {"w": "w - 7 * learning_rate * g"}),
        (SGD(), {"w": "w - learning_rate * g"}),
        (SGD(), {"w": "w"}),
        (MOMENTUM, {"m": "momentum * m - learning_rate * g", "w": "w + m"}),
        (Adam(), ADAM),
    ],
)
def test_where_nothing_moves_every_rule_is_obeyed(optimizer, rule, dtype):
    found = judged(optimizer, rule, dtype, **DEAD)
    assert found.met is None
    assert "every rule of this form is obeyed" in found.reason


def test_a_rule_that_fails_at_a_dead_neuron_is_refuted_all_the_same():
    assert judged(SGD(), {"w": "w - learning_rate * g - learning_rate * w"}, "float64", **DEAD).met is False


def test_settings_that_a_run_does_not_show_are_named():
    found = judged(AdamW(), DECAYED, "float64", **DEAD)
    assert found.met is True  # the weight decays
    assert found.says.endswith("beta_1, beta_2, epsilon cannot be told in this run")
    # Of a rule that is right about the decay, and wrong about all that a dead neuron does not show:
    wrong = with_(DECAYED, w=("learning_rate", "7 * learning_rate"))
    found = judged(AdamW(), wrong, "float64", **DEAD)
    assert found.met is None
    assert "does not tell the rule from the reference's own" in found.reason


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("text", ["1e308 * w", "1 / 0 * w", "sqrt(0 - 1)", "w * exp(w)", "w ** t", "log(w)"])
def test_a_rule_without_numbers_or_bounds_is_not_confirmed(text, dtype):
    found = judged(SGD(), {"w": text}, dtype)
    assert found.met is not True
    assert found.met is False or found.reason


def test_steps_that_are_not_finite_are_counted():
    found = judged(SGD(learning_rate=1e30), {"w": "w - learning_rate * g"}, "float32")
    assert "values not finite or without a bound" in found.says
