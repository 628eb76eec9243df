"""Where a claim is true, in a few words."""

from types import MappingProxyType

import pytest

from compare.claims.telling.boundary_text import false_for, reach, true_only_for
from compare.claims.verdicts import MOST_WINDOWS, Boundary
from reference import Experiment, Parameters


def boundary(**changes):
    settings = {
        "setting": "momentum",
        "value": 0.8125,
        "below": True,
        "above": False,
        "bracket": (0.81, 0.815),
        "stated": 0.5,
        "range": (0.0, 1.0),
        "reference": MappingProxyType({0.75: (32, 32), 0.875: (0, 32)}),
        "confirmed": True,
    }
    return Boundary(**(settings | changes))


MOVED = {"confirmed": False, "with_batches": (0.7, 0.85)}
NOISY = " (with batches it changes between 0.7 and 0.85)"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "momentum below 0.81"),
        ({"below": False, "above": True}, "momentum above 0.81"),
        ({"found_by": "reference"}, "momentum below 0.81, whatever the batches"),
        ({"bracket": (1.875, 2.125)}, "momentum below a value between 1.875 and 2.125"),
        ({"bracket": (0.0281, 0.02824)}, "momentum below 0.028"),
        (MOVED, f"momentum below 0.81{NOISY}"),
        ({"confirmed": False}, "momentum below 0.81 (with batches it changes elsewhere)"),
        (
            {"confirmed": False, "with_batches": (0.0282, 0.02820001)},
            "momentum below 0.81 (with batches it changes between 0.0282 and 0.02820001)",
        ),
        ({"setting": "learning_rate"}, "learning rates below 0.81"),
        ({"setting": "negative_slope"}, "negative slopes below 0.81"),
        ({"setting": "initial.w", "value": 0.0, "bracket": (0.0, 4e-15)}, "starts with w below 0"),
        ({"setting": "beta_1"}, "beta_1 below 0.81"),
        ({"setting": "batch_size", "value": 8.0}, "batches of fewer than 8 samples"),
        ({"setting": "steps", "value": 24}, "runs of fewer than 24 steps"),
        ({"setting": "steps", "value": 6217, "below": False, "above": True}, "runs of 6,217 steps or more"),
        ({"setting": "steps", "value": 80, "windows": ((45, 79), (116, 151))}, "runs of 45 to 79 or 116 to 151 steps"),
        ({"windows": ((0.1, 0.2), (0.5, 0.5))}, "momentum 0.1 to 0.2 or 0.5"),
        ({"setting": "relu'(0)", "value": 0.0, "bracket": (0.0, 0.0)}, "a derivative of 0 at the kink"),
    ],
)
def test_what_a_claim_is_true_only_for_in_a_few_words(changes, text):
    assert true_only_for(boundary(**changes)) == text


def test_without_a_boundary_there_is_nothing_to_say():
    assert true_only_for(None) == ""


def test_many_windows_go_on():
    windows = tuple((float(10 * i), float(10 * i + 5)) for i in range(MOST_WINDOWS))
    text = true_only_for(boundary(setting="steps", value=5.0, windows=windows))
    assert text.startswith("runs of 0 to 5, 10 to 15, ")
    assert text.endswith("70 to 75 steps, and so on")


LOW = boundary(value=0.25, bracket=(0.25, 0.25), below=False, above=True)
HIGH = boundary(value=0.75, bracket=(0.75, 0.75), **MOVED)


def test_two_boundaries_of_a_setting_leave_what_is_between_them():
    for first, other in ((LOW, HIGH), (HIGH, LOW)):
        assert true_only_for(first, (first, other)) == f"momentum between 0.25 and 0.75{NOISY}"
        assert false_for(first, (other,)) == f"momentum below 0.25 or above 0.75{NOISY}"


def test_what_is_true_beyond_two_boundaries():
    low = boundary(value=0.25, bracket=(0.25, 0.25))
    high = boundary(value=0.75, bracket=(0.75, 0.75), below=False, above=True)
    assert true_only_for(high, (low, high)) == "momentum below 0.25 or above 0.75"
    assert false_for(low, (low, high)) == "momentum between 0.25 and 0.75"


def test_what_is_false_at_the_end_of_the_range_only_is_not_false_below_it():
    at_the_end = boundary(value=0.0, bracket=(0.0, 1e-9), below=False, above=True)
    assert false_for(at_the_end, (HIGH,)) == f"momentum of 0 or above 0.75{NOISY}"


def test_boundaries_that_close_no_interval_around_the_claim_are_not_joined():
    other_setting = boundary(setting="learning_rate", value=0.9, bracket=(0.9, 0.9))
    same_side = boundary(value=0.75, bracket=(0.75, 0.75), below=False, above=True)
    beyond = boundary(value=0.3, bracket=(0.3, 0.3))
    for other in (other_setting, same_side, beyond):
        assert true_only_for(LOW, (LOW, other)) == "momentum above 0.25"


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (("steps", 2000, 200000), "runs of 2,000 to 200,000 steps"),
        (("momentum", 0.0, 0.99), "momentum from 0 to 0.99"),
        (("initial.w", -10.0, -0.001), "starts with w from -10 to -0.001"),
        (("learning_rate", 0.028201, 0.028204), "learning rates from 0.028201 to 0.028204"),
    ],
)
def test_a_range_in_words(told, text):
    assert reach(*told) == text


def test_the_other_parameters_that_are_trained_are_said_of_a_start():
    run = Experiment(initial=Parameters(w=-2.0, b=-1.0), trainable=("w", "b"))
    high = boundary(setting="initial.b", value=1.5, bracket=(1.5, 1.5), range=(-3.0, 3.0))
    assert true_only_for(high, run=run) == "starts from w = -2 with b below 1.5"
    assert false_for(high, run=run) == "starts from w = -2 with b above 1.5"
    assert reach("initial.w", -3.0, -1.0, run) == "starts from b = -1 with w from -3 to -1"
    assert reach("initial.w", -3.0, -1.0, Experiment()) == "starts with w from -3 to -1"
