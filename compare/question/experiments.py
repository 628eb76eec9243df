"""The runs of the question and its accepted answer, as experiments.

Eight settings, some with several starts. "Right-way" starts face as the target does
(w > 0), "backward" starts face away from it (w < 0).
"""

from dataclasses import replace
from typing import Any, NamedTuple

from reference import SGD, Adam, Experiment, Optimizer, Parameters

__all__ = ["SETTINGS", "Case", "shipped"]

SETTINGS = {
    "relu": "ReLU learns ReLU, from a right-way and a backward start",
    "leaky": "LeakyReLU (0.3) learns ReLU, from w = -10",
    "bias": "with bias, from right-way and backward starts",
    "output": "with output weight and bias",
    "optimizers-from-10": "other optimizers, from w = -10",
    "optimizers-from-1": "other optimizers, from w = -1",
    "sgd-from-1": "plain SGD, from w = -1",
    "jump": "a step large enough to jump over zero",
}

# (w, b), four of each orientation: on either side of the target and of the origin.
RIGHT_WAY = {"a": (2.0, 2.0), "b": (2.0, -1.5), "c": (0.5, 1.5), "d": (0.5, -0.25)}
BACKWARD = {"a": (-2.0, 2.0), "b": (-2.0, -1.0), "c": (-0.5, 1.5), "d": (-0.5, -0.25)}

# (w, b, v, d): each way of being upside down, left to right (w), down to up (v), or both.
OUTPUT = {
    "right-way": (1.5, 0.25, 0.5, 0.25),
    "left-to-right": (-1.5, 0.25, 0.5, 0.25),
    "down-to-up": (1.5, 0.25, -0.5, 0.25),
    "both": (-1.5, 0.25, -0.5, 0.25),
}


class Case(NamedTuple):
    """One run of the source."""

    id: str  # unique, kebab-case
    setting: str  # key of `SETTINGS`
    experiment: Experiment


def shipped(*, seed: int = 0, dtype: str = "float32") -> tuple[Case, ...]:
    """Return the runs of the source's eight settings, in the order it tells them, with the same seed and dtype.

    Examples
    --------
    >>> cases = shipped()
    >>> cases[1].id, cases[1].experiment == Experiment()
    ('relu-backward', True)
    >>> {case.setting for case in cases} == set(SETTINGS)
    True
    """
    common = Experiment(seed=seed, dtype=dtype)

    def case(id: str, setting: str, **changes: Any) -> Case:
        return Case(id, setting, replace(common, **changes))

    cases = [
        case("relu-right-way", "relu", initial=Parameters(w=10.0)),
        case("relu-backward", "relu"),
        case("leaky-backward", "leaky", negative_slope=0.3),
    ]
    for way, starts in (("right-way", RIGHT_WAY), ("backward", BACKWARD)):
        for name, (w, b) in starts.items():
            cases.append(case(f"bias-{way}-{name}", "bias", initial=Parameters(w=w, b=b), trainable=("w", "b")))
    for name, values in OUTPUT.items():
        cases.append(case(f"output-{name}", "output", initial=Parameters(*values), trainable=("w", "b", "v", "d")))
    optimizers: dict[str, Optimizer] = {
        "momentum": SGD(learning_rate=0.01, momentum=0.9),
        "adam": Adam(learning_rate=0.01),
        "amsgrad": Adam(learning_rate=0.01, amsgrad=True),
    }
    for start in (-10.0, -1.0):
        for name, optimizer in optimizers.items():
            id, setting = f"{name}-from{start:g}", f"optimizers-from{start:g}"
            cases.append(case(id, setting, initial=Parameters(w=start), optimizer=optimizer))
    cases.append(case("sgd-from-1", "sgd-from-1", initial=Parameters(w=-1.0)))
    # For w < 0 the expected step is w <- w - learning_rate w: it changes sign above a rate of 1.
    cases.append(case("jump", "jump", initial=Parameters(w=-1.0), optimizer=SGD(learning_rate=1.5)))
    return tuple(cases)
