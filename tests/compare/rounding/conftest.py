"""Neurons, teachers and samples of any size, and what is exact for them, in rational arithmetic."""

from fractions import Fraction
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

from reference import SGD, Experiment, Parameters, Target, forward
from reference.ensembles import obstacle, obstacle_in
from reference.optimizers import cast_like_keras

NAMES = Parameters._fields
EXPONENTS = {"float32": (-149, 127), "float64": (-1074, 1023)}
MEMBERS = 12  # that share a batch


class Case(NamedTuple):
    """Neurons of shape (k,), samples and labels of shape (n,), as an Experiment of one step."""

    experiment: Experiment
    parameters: Parameters
    x: np.ndarray
    y: np.ndarray
    slope: np.floating

    @property
    def of_each(self):
        """Samples and labels of each neuron."""
        return tuple(np.broadcast_to(a, (len(self.parameters.w), len(a))) for a in (self.x, self.y))

    @property
    def arguments(self):
        return self.parameters, *self.of_each, self.experiment.negative_slope, self.experiment.target


def case_of(parameters, x, slope=0.0, target=Target(), dtype="float32", trainable=NAMES):
    """Neurons with the teacher's labels; None if the fast path does not take them."""
    x = np.array(x, dtype)
    k = max(np.size(p) for p in parameters)
    try:
        e = Experiment(
            initial=parameters,
            trainable=trainable,
            negative_slope=slope,
            target=target,
            batch_size=len(x),
            steps=1,
            dtype=dtype,
            optimizer=SGD(learning_rate=0.0),  # so that the step has no say in who is next to overflow
        )
    except ValueError:
        return None
    with np.errstate(all="ignore"):
        y = target.labels(x)
        if not np.isfinite(y).all() or obstacle(e) or obstacle_in(e, (x[None], y[None])):
            return None
    each = Parameters(*(np.broadcast_to(np.asarray(p, dtype), k) for p in parameters))
    return Case(e, each, x, y, cast_like_keras(slope, np.dtype(dtype)))


def numbers(rng, dtype, size):
    """Numbers of one kind: special, ordinary, any, tiny, large, next to the root of the smallest, near each other."""
    low, high = EXPONENTS[dtype]
    kind = rng.integers(7)
    if kind == 0:
        special = [0, 1, 1, 0.5, 2.0**low, float(np.finfo(dtype).tiny), 3e-5, 1e8]
        return (rng.choice([-1.0, 1.0], size) * rng.choice(special, size)).astype(dtype)
    ranges = {1: (-3, 3), 2: (low, high + 1), 3: (low, low + 60), 4: (high // 2 - 20, high)}
    ranges[5] = (low // 2 - 20, low // 2 + 20)
    near = rng.integers(low, high + 1)
    exponents = rng.integers(*ranges.get(kind, (near - 2, near + 3)), size)
    mantissa = 1 + (rng.random(size) if rng.random() < 0.7 else rng.integers(0, 4, size) / 4)
    signed = (rng.choice([-1.0, 1.0], size) * mantissa).astype(dtype)
    with np.errstate(all="ignore"):
        found = np.ldexp(signed, np.clip(exponents, low, high).astype(np.int32))
    return np.where(np.isfinite(found), found, found.dtype.type(1))


def random_case(rng):
    """Neurons, teacher, slope and samples of any size, with and without biases."""
    dtype = ("float32", "float64")[rng.integers(2)]
    x = numbers(rng, dtype, int(rng.choice([1, 2, 3, 5, 8])))
    w, b, slope = (float(numbers(rng, dtype, ())) for _ in range(3))
    target = [Target(), Target(w, 0.0, slope), Target(w, b, slope), Target(w, b, float(rng.choice([0.0, 1.0, 0.5])))]
    own = float(rng.choice([0.0, 1.0, 0.25, -1.0, 0.3]) if rng.random() < 0.6 else numbers(rng, "float32", ()))
    start = [numbers(rng, dtype, MEMBERS).astype(np.float64) for _ in NAMES]
    if rng.random() < 0.4:
        v = 1.0 if rng.random() < 0.3 else float(numbers(rng, dtype, ()))
        unbiased = target[rng.integers(4)]._replace(b=0.0)
        return case_of(Parameters(start[0], 0.0, v, 0.0), x, own, unbiased, dtype, ("w",))
    for i, plain in ((1, 0.0), (2, 1.0), (3, 0.0)):
        if rng.random() < 0.3:
            start[i] = np.full(MEMBERS, plain)
    return case_of(Parameters(*start), x, own, target[rng.integers(4)], dtype)


def cases(seed, members):
    rng, count = np.random.default_rng(seed), 0
    while count < members:
        case = random_case(rng)
        if case is not None:
            count += len(case.parameters.w)
            yield case


def exactly(case, labels=None):
    """Loss and gradient of each neuron in rational arithmetic, for the active samples that the neuron sees."""
    with np.errstate(all="ignore"):
        active = forward(case.parameters, case.x, case.slope).z > 0
    x, y = (list(map(fraction, array)) for array in (case.x, case.y if labels is None else labels))
    s, n = fraction(case.slope), len(x)
    for parameters, sides_ in zip(zip(*case.parameters, strict=True), active, strict=True):
        w, b, v, d = map(fraction, parameters)
        total = dict.fromkeys(("loss", *NAMES), Fraction(0))
        for sample, label, side in zip(x, y, sides_, strict=True):
            g, z = 1 if side else s, w * sample + b
            e = v * g * z + d - label
            for name, term in zip(
                total, (e * e, 2 * e * v * g * sample, 2 * e * v * g, 2 * e * g * z, 2 * e), strict=True
            ):
                total[name] += term / n
        yield total


def fraction(number):
    return Fraction(float(number))


def ratio(found, exact, bound):
    """Distance in bounds, 0 where there is nothing to compare."""
    if not np.isfinite(found) or not np.isfinite(bound):
        return 0.0
    apart = abs(fraction(found) - exact)
    return float(min(apart / fraction(bound), 2**1000)) if bound else float(apart > 0) * 2.0**1000


@pytest.fixture(scope="session")
def extremes():
    """Cases of any size, drawn or made, their exact values, and distances in bounds."""
    return SimpleNamespace(cases=cases, case_of=case_of, exactly=exactly, fraction=fraction, ratio=ratio)
