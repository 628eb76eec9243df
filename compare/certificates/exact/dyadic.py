"""Samples made for an experiment, on which nothing is rounded but the mean.

`batches` has the experiment's batch size. A few samples of few bits, on either side of the
kink, on it, and at 0, fill it over and over. Nearly all of them are met exactly, whatever
the neuron is: their labels are its predictions. The others miss by a power of two, so that
a sum over any number of samples has few terms that are not 0 and a rational result
(`compare.certificates.exact.rational`): the divisor of a mean, a sample left out and the derivative at the kink
show, in float32 also among 50,000 samples, where gamma_n would hide them.

The start is the experiment's own, moved to where that is possible: w and v to a power of
two of the same sign, b and d to three bits, and what is 0 or an output layer that is none
stays so. The learning rate becomes a power of two. Slope and optimizer are the experiment's.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from reference import Experiment, Parameters
from reference.training import constants

__all__ = ["batches", "experiment_of"]

STEPS = 2  # of which the second is one with a velocity
SMALLEST, LARGEST = -3, 4  # exponents of a start
SMALLEST_RATE = -20

# Where z lies, and by what the prediction misses its label; 0 in most of a batch.
MISSED = ((1.0, 1.0), (0.0, 2.0), (-1.0, 1.0), (2.0, -0.25), (-2.0, 4.0), (0.5, 1.0))
MET = (1.0, -1.0, 0.0, 2.0, -0.5, 0.5, -2.0)


def experiment_of(experiment: Experiment, *, keep_optimizer: bool = False) -> Experiment:
    """The experiment of a single neuron with a start and a learning rate of few bits, of one or two steps.

    On Keras it shares the graph of the one given. `keep_optimizer` leaves the learning rate as it is,
    for a subject that has its own.

    >>> experiment_of(Experiment(initial=Parameters(w=-10.0, b=0.3))).initial
    Parameters(w=-8.0, b=0.3125, v=1.0, d=0.0)
    """
    w, b, v, d = experiment.initial
    output = _few_bits(v, 1)
    if (output == 1) != (v == 1):
        output = 2.0
    initial = Parameters(_few_bits(w, 1), _few_bits(b, 3), output, _few_bits(d, 3))
    rate = _few_bits(experiment.optimizer.learning_rate, 1, SMALLEST_RATE)
    optimizer = replace(experiment.optimizer, learning_rate=rate)
    optimizer = experiment.optimizer if keep_optimizer else optimizer
    return replace(experiment, initial=initial, optimizer=optimizer, steps=min(STEPS, experiment.steps))


def batches(experiment: Experiment, *, told: bool = False) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Make samples and labels for what `experiment_of` returned, for as many runs as they need.

    Half of a batch or more is met, so small batches need several runs to be missed in every way.
    After the first step the labels are missed on the other side: derivatives then have the other
    sign, for what acts on one of them only. Nothing is exact there, the state having moved.
    Samples and labels have the shape (steps, batch_size), each step the same samples. `told` says
    that the reference was told to take another value at the kink than the subject: then no label
    is missed there.

    Two of four are met; w = 2, and the labels of samples 0 and 3 are 1 less and 2 less than predicted.

    >>> first, *more = batches(Experiment(initial=Parameters(w=2.0), batch_size=4, steps=1))
    >>> [a.tolist() for a in first], len(more)
    ([[[0.5, -0.5, 0.0, 0.0]], [[0.0, 0.0, 0.0, -2.0]]], 2)
    """
    n, steps, dtype = experiment.batch_size, experiment.steps, experiment.dtype
    missed, met = _samples(experiment, MISSED, told), _samples(experiment, [(z, 0.0) for z in MET], told)
    if not (missed and met):
        return
    at_once = max(1, n // 2)
    for start in range(0, len(missed), at_once):
        odd = missed[start : start + at_once]
        pairs = np.resize(np.array(met), (n, 3))
        # Spread over the batch, the first and the last sample among them.
        pairs[np.linspace(0, n - 1, len(odd)).round().astype(int)] = odd
        x, y, miss = (np.repeat(column[None], steps, axis=0) for column in pairs.T)
        y[1:] += 2 * miss[1:]
        yield x.astype(dtype), y.astype(dtype)


def _samples(
    experiment: Experiment, wanted: Sequence[tuple[float, float]], told: bool
) -> list[tuple[float, float, float]]:
    """Triples (x, y, residual) with the wanted (z, residual), but for those that need rounding on the way."""
    kind = np.dtype(experiment.dtype).type
    w, b, v, d = (Fraction(float(kind(p))) for p in experiment.initial)
    slope = Fraction(float(constants(experiment)[0]))
    found: dict[tuple[float, float], float] = {}
    for z, miss in wanted:
        if z == 0 and miss and told:
            continue
        x, e = (Fraction(z) - b) / w if w else Fraction(z), Fraction(miss)
        z_there = w * x + b
        side = Fraction(1) if z_there > 0 else slope
        label = v * side * z_there + d - e
        numbers = (x, w * x, z_there, side * z_there, v * side * z_there, label + e, label)
        terms = (e * e, e * v * side, e * v * side * x, e * side * z_there)
        if all(Fraction(float(kind(float(number)))) == number for number in (*numbers, *terms)):
            found.setdefault((float(x), float(label)), miss)
    return [(x_i, y_i, miss) for (x_i, y_i), miss in found.items()]


def _few_bits(number: float, bits: int, smallest: int = SMALLEST) -> float:
    """Nearest number of so many bits, within a moderate range; 0 stays 0."""
    if number == 0:
        return number
    fraction, exponent = math.frexp(number)
    rounded = math.ldexp(round(math.ldexp(fraction, bits)), -bits)
    return math.ldexp(rounded, min(max(exponent, smallest + 1), LARGEST + 1))
