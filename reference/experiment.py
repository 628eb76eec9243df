"""Everything that determines a trajectory, and the batches it is trained on."""

import math
import operator
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reference.neuron import Parameters, Target
from reference.optimizers import Optimizer
from reference.optimizers.sgd import SGD

__all__ = ["Experiment", "draw_batches", "iterate_batches"]

DTYPES = ("float32", "float64")
SAMPLES_PER_BLOCK = 2_000_000  # 16 MB of float64, whatever the number of steps


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A training run, complete: with nothing given, the question's own.

    Parameters
    ----------
    initial : Parameters
        Start. Arrays, of shapes that broadcast together, start an ensemble of neurons
        that all see the same batches.
    trainable : tuple of str
        Which of "w", "b", "v", "d" are trained; the others keep their start.
    negative_slope : float
        Slope of the neuron for z <= 0: any real number, 0 is ReLU.
    optimizer : Optimizer
    target : Target
        The teacher.
    batch_size, steps : int
        Samples of a batch, and number of batches, each of which is used once.
    seed : int
        Seed of the batches, any integer from 0.
    dtype : {"float32", "float64"}
        Of everything: samples, parameters, slots.
    grad_at_zero : float or None
        Value of phi' at z = 0 in the reference; None is the slope, as Keras takes it on
        TensorFlow. Keras itself cannot be told.

    Raises
    ------
    TypeError, ValueError
        In one line: which field, what it was, what is allowed.

    Examples
    --------
    >>> Experiment().initial
    Parameters(w=-10.0, b=0.0, v=1.0, d=0.0)
    >>> Experiment(steps=0)
    Traceback (most recent call last):
    ValueError: Experiment.steps must be an integer of at least 1, got 0
    """

    initial: Parameters = Parameters(w=-10.0)
    trainable: tuple[str, ...] = ("w",)
    negative_slope: float = 0.0
    optimizer: Optimizer = field(default_factory=SGD)
    target: Target = Target()
    batch_size: int = 1000
    steps: int = 2000
    seed: int = 0
    dtype: str = "float32"
    grad_at_zero: float | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        _require(self.dtype in DTYPES, "dtype", self.dtype, "float32 or float64")
        put(self, "batch_size", _integer("batch_size", self.batch_size, at_least=1))
        put(self, "steps", _integer("steps", self.steps, at_least=1))
        put(self, "seed", _integer("seed", self.seed, at_least=0))
        put(self, "negative_slope", _number("negative_slope", self.negative_slope))
        if self.grad_at_zero is not None:
            put(self, "grad_at_zero", _number("grad_at_zero", self.grad_at_zero))
        if not isinstance(self.optimizer, Optimizer):
            raise TypeError(f"Experiment.optimizer must be an Optimizer such as SGD(), got {self.optimizer!r}")
        _require(
            isinstance(self.target, tuple) and len(self.target) == len(Target._fields),
            "target", self.target, "a Target",
        )  # fmt: skip
        put(
            self,
            "target",
            Target(*(_number(f"target.{k}", t) for k, t in zip(Target._fields, self.target, strict=True))),
        )
        put(self, "trainable", _trainable(self.trainable))
        put(self, "initial", _initial(self.initial, self.dtype))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the ensemble; () for a single neuron."""
        return np.broadcast_shapes(*(np.shape(p) for p in self.initial))


def draw_batches(experiment: Experiment) -> tuple[np.ndarray, np.ndarray]:
    """Draw all batches of an experiment.

    ``x ~ N(0, 1)`` from ``numpy.random.default_rng(seed).standard_normal((steps,
    batch_size))`` in float64, cast once; the labels are the teacher's, in that dtype.

    Parameters
    ----------
    experiment : Experiment

    Returns
    -------
    x, y : ndarray of shape (steps, batch_size)
        In the experiment's dtype.

    Examples
    --------
    >>> x, y = draw_batches(Experiment(steps=3, batch_size=4))
    >>> x.shape, x.dtype, bool((y == np.maximum(x, 0)).all())
    ((3, 4), dtype('float32'), True)
    """
    blocks = list(iterate_batches(experiment, steps_per_block=experiment.steps))
    return blocks[0]


def iterate_batches(
    experiment: Experiment, steps_per_block: int | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Draw the stream of `draw_batches` block by block, so that memory stays bounded.

    Parameters
    ----------
    experiment : Experiment
    steps_per_block : int, optional
        By default what makes blocks of about two million samples.

    Yields
    ------
    x, y : ndarray of shape (steps of this block, batch_size)
    """
    if steps_per_block is None:
        steps_per_block = max(1, SAMPLES_PER_BLOCK // experiment.batch_size)
    rng = np.random.default_rng(experiment.seed)
    for start in range(0, experiment.steps, steps_per_block):
        steps = min(steps_per_block, experiment.steps - start)
        x = rng.standard_normal((steps, experiment.batch_size)).astype(experiment.dtype)
        yield x, experiment.target.labels(x)


def _require(holds: bool, name: str, value: Any, allowed: str) -> None:
    if not holds:
        raise ValueError(f"Experiment.{name} must be {allowed}, got {value!r}")


def _integer(name: str, value: Any, at_least: int) -> int:
    allowed = f"Experiment.{name} must be an integer of at least {at_least}, got {value!r}"
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(allowed)
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(allowed) from None
    if number < at_least:
        raise ValueError(allowed)
    return number


def _number(name: str, value: Any) -> float:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"Experiment.{name} must be a number, got {value!r}")
    _require(math.isfinite(value), name, value, "finite")
    return float(value)


def _trainable(names: Any) -> tuple[str, ...]:
    if isinstance(names, str) or not all(name in Parameters._fields for name in names):
        raise ValueError(f"Experiment.trainable must be a tuple of some of {Parameters._fields}, got {names!r}")
    _require(len(names) > 0, "trainable", names, "at least one of w, b, v, d")
    return tuple(name for name in Parameters._fields if name in names)


def _initial(initial: Any, dtype: str) -> Parameters:
    if not isinstance(initial, Parameters):
        raise TypeError(f"Experiment.initial must be Parameters, got {initial!r}")
    checked = []
    for name, value in zip(Parameters._fields, initial, strict=True):
        array = np.array(value, copy=True)
        if array.dtype.kind not in "iuf":
            raise TypeError(f"Experiment.initial.{name} must be a number or an array of numbers, got {value!r}")
        array = array.astype(np.float64)
        with np.errstate(over="ignore"):
            finite = np.isfinite(array.astype(dtype))
        if not finite.all():
            raise ValueError(
                f"Experiment.initial.{name} must be finite in {dtype}, got {float(array[~finite].flat[0])!r}"
            )
        _require(array.size > 0, f"initial.{name}", value, "at least one number")
        array.setflags(write=False)
        checked.append(float(array) if array.ndim == 0 else array)
    try:
        np.broadcast_shapes(*(np.shape(p) for p in checked))
    except ValueError:
        shapes = ", ".join(f"{name} {np.shape(p)}" for name, p in zip(Parameters._fields, checked, strict=True))
        raise ValueError(f"Experiment.initial must have shapes that broadcast together, got {shapes}") from None
    return Parameters(*checked)
