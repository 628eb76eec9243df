"""Addresses of figures: what a claim's figure is set to, and what has none."""

from dataclasses import replace
from urllib.parse import parse_qsl

import pytest

from compare.claims import Boundary, Claim
from compare.claims.values import Condition, FormulaCheck, SurfaceCheck, TrajectoryCheck
from compare.report.show_me import address_of, address_of_change, beyond
from compare.run.selection import read_claims, shipped_files
from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop, Target

ABOVE = Condition(above=0.0)
AT_THE_END = TrajectoryCheck(quantity="w", when="end", condition=ABOVE)


def claim(check=AT_THE_END, **settings):
    return Claim(id="a", says="", source="", experiment=Experiment(**settings), checks=(check,))


def values(address):
    assert address.startswith("#")
    return dict(parse_qsl(address[1:], strict_parsing=True))


@pytest.mark.parametrize(
    ("optimizer", "name", "second"),
    [
        (SGD(momentum=0.9), "SGD", "0.9"),
        (SGD(momentum=0.5, nesterov=True), "Nesterov", "0.5"),
        (Adam(learning_rate=0.01, beta_1=0.8), "Adam", "0.8"),
        (Adam(learning_rate=0.01, amsgrad=True), "AMSGrad", "0.9"),
        (AdamW(learning_rate=0.01), "AdamW", "0.9"),
        (RMSprop(learning_rate=0.01), "RMSprop", "0"),
    ],
)
def test_a_run_of_w_is_shown_where_steps_reach(optimizer, name, second):
    address = address_of(claim(optimizer=optimizer, negative_slope=-0.25, steps=500))
    expected = {"w": "-10", "optimizer": name, "rate": "0.01", "second": second, "slope": "-0.25", "steps": "500"}
    assert values(address) == {"figure": "reach"} | expected


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": Adam(beta_2=0.9)},
        {"optimizer": Adam(epsilon=1e-3)},
        {"optimizer": AdamW(weight_decay=0.1)},
        {"optimizer": AdamW(amsgrad=True)},
        {"optimizer": RMSprop(rho=0.5)},
        {"optimizer": RMSprop(centered=True)},
        {"optimizer": SGD(learning_rate=3.5)},
        {"optimizer": SGD(learning_rate=1e-4)},
        {"initial": Parameters(w=-12.5)},
        {"initial": Parameters(w=-1.0, b=2.0)},
        {"initial": Parameters(w=-1.0, v=2.0)},
        {"negative_slope": 2.0},
        {"optimizer": SGD(momentum=1.0)},
        {"trainable": ("w", "b"), "optimizer": SGD(learning_rate=2.5)},
        {"trainable": ("w", "b"), "optimizer": SGD(momentum=0.995)},
        {"steps": 59},
        {"steps": 20_001},
        {"target": Target(w=2.0)},
        {"trainable": ("w", "b", "v", "d")},
        {"trainable": ("w", "b"), "optimizer": Adam()},
        {"trainable": ("w", "b"), "initial": Parameters(w=-21.0)},
        {"trainable": ("w", "b"), "optimizer": SGD(nesterov=True)},
        {"trainable": ("w", "b"), "negative_slope": -0.5},
    ],
)
def test_what_no_figure_can_be_set_to_has_no_address(settings):
    assert address_of(claim(**settings)) is None


def test_a_run_with_a_bias_is_shown_where_neurons_die_also_from_outside_its_picture():
    experiment = {"initial": Parameters(w=-4.0, b=-1.0), "trainable": ("w", "b"), "negative_slope": 0.5}
    expected = {"w": "-4", "b": "-1", "slope": "0.5", "rate": "0.01", "momentum": "0", "steps": "2000"}
    assert values(address_of(claim(**experiment))) == {"figure": "deaths"} | expected


def test_a_point_of_the_loss_is_shown_where_inputs_vote():
    at = SurfaceCheck(quantity="expected_loss", points=({"w": -0.5},), condition=ABOVE)
    assert values(address_of(claim(at, negative_slope=0.3))) == {"figure": "votes", "w": "-0.5", "slope": "0.3"}
    for point in ({"w": -0.5, "b": 1.0}, {"w": -0.5, "x": 1.0}, {"w": -100.0}):
        assert address_of(claim(replace(at, points=(point,)))) is None
    assert address_of(claim(FormulaCheck(formula="1", at={}, condition=ABOVE))) is None


def flip(setting, value):
    return Boundary(
        setting=setting, value=value, below=True, above=False, bracket=(value, value), stated=0.0, range=(0.0, 1.0)
    )


@pytest.mark.parametrize(
    ("setting", "value", "name", "text"),
    [
        ("steps", 6217.0, "steps", "6217"),
        ("learning_rate", 0.0625, "rate", "0.0625"),
        ("momentum", 0.81, "second", "0.81"),
        ("initial.w", -2.5, "w", "-2.5"),
        ("negative_slope", 1.864e-8, "slope", "0.001"),
    ],
)
def test_a_value_just_beyond_where_it_changes_is_put_in(setting, value, name, text):
    there = values(address_of_change(claim(), flip(setting, value)))
    assert there == values(address_of(claim())) | {name: text}


@pytest.mark.parametrize(
    ("stated", "bracket", "ends", "value", "holds"),
    [
        (0.9, (0.8100196, 0.8100198), (0.0, 0.99), 0.81, True),
        (0.5, (0.8100196, 0.8100198), (0.0, 0.99), 0.811, False),
        (-10.0, (-0.00031315, -0.00031314), (-10.0, -1e-6), -0.000313, False),
        (0.3, (1.8637e-8, 1.8638e-8), (-0.5, 0.5), 0.0, True),
        (-10.0, (0.0, 4.441e-15), (-10.0, 10.0), 0.01, False),
        (0.5, (0.98999, 0.99), (0.0, 0.99), 0.99, False),
    ],
)
def test_the_value_has_few_digits_and_is_on_the_side_that_is_not_the_claims(stated, bracket, ends, value, holds):
    there = Boundary(setting="x", value=bracket[1], below=True, above=False, bracket=bracket, stated=stated, range=ends)
    assert beyond(there) == (value, holds)
    assert not bracket[0] < value < bracket[1]


def test_a_change_that_no_figure_can_be_set_to_has_no_address():
    for setting, value in (("steps", 24.0), ("batch_size", 50.0), ("learning_rate", 7.0), ("relu'(0)", 0.5)):
        assert address_of_change(claim(), flip(setting, value)) is None


def test_most_shipped_claims_about_runs_of_w_have_a_figure():
    claims = read_claims(list(shipped_files()), seed=0, dtype="float32")
    shown = {claim.id: address for claim in claims if (address := address_of(claim)) is not None}
    assert shown["momentum-from-10-does-not-help"].startswith("#figure=reach&w=-10&optimizer=SGD&rate=0.01&second=0.9")
    assert {address[8:13] for address in shown.values()} == {"reach", "death", "votes"}
    assert len(shown) > 40
