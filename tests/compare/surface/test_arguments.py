"""Bad input to the surface gives one clear line."""

import re

import numpy as np
import pytest

from compare.surface import (
    activation_probability,
    expected_gradient,
    expected_hessian,
    expected_loss,
    expected_loss_and_gradient,
)
from reference import Parameters, Target

FUNCTIONS = [expected_loss, expected_gradient, expected_hessian, expected_loss_and_gradient]

NEITHER = "must be a real number or an array of them, got"
APART = "parameters and negative_slope must broadcast together, got shapes"
BAD = [
    (1.0, {}, TypeError, "parameters must be Parameters(w, b, v, d), got 1.0"),
    ((1.0, 0.0), {}, TypeError, "parameters must be Parameters(w, b, v, d), got (1.0, 0.0)"),
    (Parameters("1"), {}, TypeError, f"parameters.w {NEITHER} '1'"),
    (Parameters(1.0, b=1j), {}, TypeError, f"parameters.b {NEITHER} 1j"),
    (Parameters(1.0, v=None), {}, TypeError, f"parameters.v {NEITHER} None"),
    (Parameters(True), {}, TypeError, f"parameters.w {NEITHER} True"),
    (Parameters([[1.0], [1.0, 2.0]]), {}, TypeError, f"parameters.w {NEITHER} [[1.0], [1.0, 2.0]]"),
    (Parameters([1, 2], [1, 2, 3]), {}, ValueError, f"{APART} w (2,), b (3,), v (), d (), negative_slope ()"),
    (
        Parameters([1, 2]),
        {"negative_slope": [0, 1, 2]},
        ValueError,
        f"{APART} w (2,), b (), v (), d (), negative_slope (3,)",
    ),
    (Parameters(1.0), {"negative_slope": "0"}, TypeError, f"negative_slope {NEITHER} '0'"),
    (
        Parameters(1.0),
        {"target": (1.0, 0.0)},
        TypeError,
        "target must be a Target(w, b, negative_slope), got (1.0, 0.0)",
    ),
    (Parameters(1.0), {"target": Target(np.inf)}, ValueError, "target.w must be finite, got inf"),
    (Parameters(1.0), {"target": Target(1.0, np.nan)}, ValueError, "target.b must be finite, got nan"),
    (Parameters(1.0), {"target": Target([1.0, 2.0])}, TypeError, "target.w must be a single number, got shape (2,)"),
    (Parameters(1.0), {"target": Target("relu")}, TypeError, f"target.w {NEITHER} 'relu'"),
]


@pytest.mark.parametrize(("parameters", "options", "error", "message"), BAD)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_bad_input_is_named_in_one_line(function, parameters, options, error, message):
    with pytest.raises(error, match=r"^" + re.escape(message) + "$"):
        function(parameters, **options)


def test_what_happens_at_zero_is_said_once_and_well():
    p = Parameters(0.0)
    with pytest.raises(ValueError, match=r"^side must be None, 'left' or 'right', got 'up'$"):
        expected_gradient(p, side="up")
    with pytest.raises(ValueError, match=r"^side and grad_at_zero exclude each other: give one of them$"):
        expected_gradient(p, side="left", grad_at_zero=0.0)
    with pytest.raises(ValueError, match=r"^grad_at_zero must be finite, got nan$"):
        expected_gradient(p, grad_at_zero=np.nan)


def test_the_probability_checks_too():
    with pytest.raises(TypeError, match=r"^parameters must be Parameters\(w, b, v, d\), got 'w'$"):
        activation_probability("w")


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.uint8])
def test_other_real_dtypes_are_taken_at_their_value(dtype):
    assert expected_loss(Parameters(np.array([2, 3], dtype))).tolist() == [0.5, 2.0]


def test_no_argument_is_modified():
    w = np.array([1e200, 1.0, np.nan])
    w.setflags(write=False)
    expected_loss(Parameters(w))
    assert w[0] == 1e200
