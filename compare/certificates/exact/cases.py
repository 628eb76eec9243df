"""Dyadic experiments: few-bit samples and parameters, slopes and rates powers of two.

Each visits what random samples never do: samples on the kink, an all-zero sample, an
all-zero batch, starts at w = b = 0 and at negative zeros, a residual of 0. Half of the
batches are chosen by hand for that, half are drawn.
"""

from typing import NamedTuple

import numpy as np

from reference import SGD, Experiment, Parameters

__all__ = ["ExactCase", "exact_cases"]

STEPS, BATCH = 8, 8

# By network: what is trained, slope, optimizer. Each is one graph on the Keras side.
NETWORKS = {
    "relu-w": (("w",), 0.0, SGD(learning_rate=0.25)),
    "leaky-w": (("w",), 0.25, SGD(learning_rate=0.25)),
    "relu-wbvd": (("w", "b", "v", "d"), 0.0, SGD(learning_rate=0.5)),
    "leaky-wbvd-nesterov": (("w", "b", "v", "d"), 0.25, SGD(learning_rate=0.25, momentum=0.5, nesterov=True)),
    "relu-wb-momentum": (("w", "b"), 0.0, SGD(learning_rate=0.5, momentum=0.5)),
    "steep-wb": (("w", "b"), 2.0, SGD(learning_rate=0.125)),
    "negative-wbvd-momentum": (("w", "b", "v", "d"), -0.5, SGD(learning_rate=0.25, momentum=0.25)),
}

STARTS = {
    "origin": Parameters(w=0.0, b=0.0),
    "negative-zero": Parameters(w=-0.0, b=-0.0),
    "right-way": Parameters(w=2.0, b=0.0),
    "backward": Parameters(w=-1.0, b=0.0),
    "on-the-kink": Parameters(w=0.5, b=-0.5, v=2.0, d=0.25),
    "upside-down": Parameters(w=-0.5, b=0.25, v=-1.0, d=0.5),
    "dead": Parameters(w=0.25, b=-4.0, v=1.0, d=0.0),
}

# The kinks of the starts above are at x = 0, 1, 1/2 and 16.
BY_HAND = (
    (1.0, -1.0, 0.5, -0.5, 0.0, 2.0, -2.0, 1.0),
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    (1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5),
    (-1.0, -1.0, -2.0, -0.5, -0.0, -0.0, -1.0, -0.5),
    (16.0, 1.0, 0.25, 0.5, 0.0, -0.25, -1.0, -2.0),
    (0.0, 1.0, 0.0, -1.0, 0.0, 1.0, 0.0, -1.0),
    (2.0, 1.0, 0.5, 0.25, 0.25, 0.5, 1.0, 2.0),
    (-0.25, 0.5, -1.0, 2.0, -2.0, 1.0, -0.5, 0.25),
)


class ExactCase(NamedTuple):
    """A dyadic experiment and its batches, of shape (steps, batch_size); the teacher is relu(x)."""

    name: str  # network, start and samples, unique
    network: str  # cases of the same network share one traced graph in Keras
    experiment: Experiment
    x: np.ndarray
    y: np.ndarray


def exact_cases(dtype: str = "float64") -> tuple[ExactCase, ...]:
    """Return all dyadic experiments.

    Parameters
    ----------
    dtype : {"float32", "float64"}

    Raises
    ------
    ValueError
        If it is neither.

    Examples
    --------
    >>> cases = exact_cases()
    >>> cases[0].name, len({case.name for case in cases}) == len(cases)
    ('relu-w/origin/by hand', True)
    """
    cases = []
    for network, (trainable, slope, optimizer) in NETWORKS.items():
        for number, (start, initial) in enumerate(STARTS.items()):
            experiment = Experiment(
                initial=_within(initial, trainable),
                trainable=trainable,
                negative_slope=slope,
                optimizer=optimizer,
                batch_size=BATCH,
                steps=STEPS,
                dtype=dtype,
            )
            drawn = np.random.default_rng(number).integers(-4, 5, (STEPS, BATCH)) / 2
            for kind, x in (("by hand", np.array(BY_HAND)), ("drawn", drawn)):
                y = np.where(x > 0, x, 0.0)
                cases.append(
                    ExactCase(f"{network}/{start}/{kind}", network, experiment, x.astype(dtype), y.astype(dtype))
                )
    return tuple(cases)


def _within(initial: Parameters, trainable: tuple[str, ...]) -> Parameters:
    """The start of what is trained, b with w; the rest as in a network without it."""
    if trainable == Parameters._fields:
        return initial
    return Parameters(initial.w, initial.b if "b" in trainable else 0.0)
