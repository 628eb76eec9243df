"""That no stationary point is missing, by ways that know nothing of kinks and conditions."""

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import root

from compare.surface import expected_gradient
from compare.surface.critical import critical_points
from compare.surface.scalar_gradient import scalar_gradient
from reference import Parameters, Target

TARGETS = (Target(), Target(-2.0, 0.5, 0.25), Target(1.0, 1.0, -1.0), Target(0.5, -0.75, 2.0))
BOX = 8.0
REST = 2.0**-40  # what is left of the gradient where the search has ended, not merely given up
FARTHEST = 5.0  # kinks: beyond, the gradient of what moves towards infinity is as small as that


def problems():
    rng = np.random.default_rng(17)
    for i, (s, target) in enumerate(itertools.product((0.0, 0.3, -0.7, 1.5), TARGETS)):
        w, b, v, d = rng.normal(0, 1, 4)
        yield pytest.param(s, target, Parameters(w, b, v, d if i % 2 else 0.0), id=f"{s}-{i}")


def sign_changes(name, s, target, fixed):
    """Zeros of the one-dimensional derivative, as the changes of its sign on a fine grid."""
    at = np.linspace(-BOX, BOX, 8_001) + math.pi / 1024  # no stationary point of interest lies on the grid
    gradient = expected_gradient(fixed._replace(**{name: at}), negative_slope=s, target=target)
    signs = np.sign(getattr(gradient, name))
    signs = signs[signs != 0]  # a ReLU that is never active
    return int(np.count_nonzero(signs[1:] != signs[:-1]))


@pytest.mark.parametrize(("s", "target", "fixed"), [*problems()])
@pytest.mark.parametrize("name", ["w", "b"])
def test_one_parameter_has_as_many_stationary_points_as_its_derivative_has_changes_of_sign(name, s, target, fixed):
    listed = critical_points(trainable=(name,), negative_slope=s, target=target, parameters=fixed, box=BOX - 0.01)
    # A minimum or maximum changes the sign; so does the dead stretch if the signs on its two sides differ, and
    # there the derivative is dropped from the count where it underflows.
    smooth = [p for p in listed if p.kind not in ("dead set", "saddle at infinity", "minimum at infinity")]
    changes = sign_changes(name, s, target, fixed)
    assert changes - len(smooth) in ((0, 1) if any(p.kind == "dead set" for p in listed) else (0,))


@pytest.mark.parametrize(("s", "target"), [(0.3, TARGETS[0]), (-0.5, TARGETS[1]), (2.0, TARGETS[2])])
def test_searches_in_four_dimensions_find_functions_that_are_listed(s, target):
    listed = critical_points(trainable=("w", "b", "v", "d"), negative_slope=s, target=target)
    functions = np.array([signature(p.parameters) for p in listed if p.hessian_eigenvalues is not None])
    silent = next(p for p in listed if p.parameters.v == 0)
    apart = min(np.abs(a - b).max() for a, b in itertools.combinations(functions, 2) if not np.array_equal(a, b))

    at_point = scalar_gradient(s, target)

    def gradient(at):
        return np.array(at_point(*map(float, at)))

    seen = set()
    for start in np.random.default_rng(3).normal(0, 1, (40, 4)):
        found = root(gradient, start, method="lm")
        w, b, v, d = found.x
        if not found.success or np.abs(gradient(found.x)).max() > REST or abs(b) > FARTHEST * abs(w):
            continue  # between two points, or on its way to infinity
        if abs(v) * (abs(w) + abs(b)) < apart / 8:
            # Without output: any w and b with the right correlation, of which the list has representatives.
            assert abs(d - silent.parameters.d) < apart / 8
            continue
        distances = np.abs(functions - signature(Parameters(*found.x))).max(axis=1)
        assert distances.min() < apart / 8
        seen.add(int(distances.argmin()))
    assert seen >= {i for i, p in enumerate(listed) if p.kind == "global minimum"}


def signature(parameters):
    """The function v phi(w x + b) + d: v |w|, v b, d and the sign of w."""
    w, b, v, d = parameters
    return np.array([v * abs(w), v * b, d, 10.0 * math.copysign(1.0, w)])
