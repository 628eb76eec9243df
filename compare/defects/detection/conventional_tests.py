"""The tests that people usually write for a training run, to be measured beside the lanes.

Their tolerances are literals, as in the suites they are taken from. They decide nothing
here: they are the data of a comparison.
"""

from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from reference import Trajectory

__all__ = ["USUAL_TESTS", "caught", "failing"]

USUAL_RTOL = 1e-5  # numpy.allclose's default
GOLDEN_RTOL = 5e-4  # what suites of optimizers allow from golden values
GOLDEN_STEPS = 5


def final_weight(good: Trajectory, other: Trajectory) -> bool:
    """Whether the parameters end at the same values."""
    return all(_close(a[-1:], b[-1:], USUAL_RTOL) for a, b in _trained(good, other))


def whole_path(good: Trajectory, other: Trajectory) -> bool:
    """Whether the parameters take the same values after every step."""
    return all(_close(a, b, USUAL_RTOL) for a, b in _trained(good, other))


def golden_steps(good: Trajectory, other: Trajectory) -> bool:
    """Whether they take the same values after each of the first steps."""
    return all(_close(a[1 : GOLDEN_STEPS + 1], b[1 : GOLDEN_STEPS + 1], GOLDEN_RTOL) for a, b in _trained(good, other))


def loss_decreases(good: Trajectory, other: Trajectory) -> bool:
    """Whether the last loss is below the first; the other run is not looked at."""
    return bool(other.loss[-1] < other.loss[0])


USUAL_TESTS: MappingProxyType[str, Callable[[Trajectory, Trajectory], bool]] = MappingProxyType(
    {
        "final weight": final_weight,
        "whole path": whole_path,
        "golden steps": golden_steps,
        "loss decreases": loss_decreases,
    }
)


def failing(good: Trajectory, other: Trajectory) -> dict[str, bool]:
    """Say for each usual test whether it fails on `other`, whose right values are `good`.

    Both are runs of the same experiment, with every step recorded.

    Examples
    --------
    >>> from reference import Experiment, train
    >>> run = train(Experiment(steps=20))
    >>> any(failing(run, run).values())
    False
    """
    return {name: not passes(good, other) for name, passes in USUAL_TESTS.items()}


def caught(good: Trajectory, other: Trajectory) -> dict[str, bool]:
    """Say for each usual test whether it fails on `other`, which has a defect, and would not fail on `good` anyway."""
    anyway = failing(good, good)
    return {name: fails and not anyway[name] for name, fails in failing(good, other).items()}


def _trained(good: Trajectory, other: Trajectory) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(getattr(good.parameters, name), getattr(other.parameters, name)) for name in good.experiment.trainable]


def _close(expected: np.ndarray, got: np.ndarray, tolerance: float) -> bool:
    with np.errstate(all="ignore"):
        # Where NaN is expected NaN will do, as for numpy.testing.assert_allclose.
        return bool(np.allclose(got, expected, tolerance, equal_nan=True))
