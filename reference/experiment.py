"""Everything that determines a trajectory, and the batches it is trained on.

`training` comes next: what is done with them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from reference import checks
from reference.neuron import Parameters, Target
from reference.optimizers import Optimizer, cast_like_keras
from reference.optimizers.sgd import SGD

__all__ = ["Batches", "Experiment", "draw_batches", "iterate_batches"]

Batches = tuple[np.ndarray, np.ndarray]

ENSEMBLE = "Experiment.initial, negative_slope and optimizer"  # what may hold arrays
CONSTANTS = ("float32", "direct")
SAMPLES_PER_BLOCK = 2_000_000  # 16 MB of float64, whatever the number of steps


@dataclass(frozen=True, kw_only=True, eq=False)
class Experiment:
    """A training run, complete: with nothing given, the question's own.

    Parameters
    ----------
    initial : Parameters
        Start. Arrays start an ensemble of neurons that all see the same batches. Their
        shapes, and those of arrays in `negative_slope` and in the optimizer's
        `learning_rate` and `momentum`, have to broadcast together.
    trainable : tuple of str
        Which of "w", "b", "v", "d" are trained; the others keep their start.
    negative_slope : float or ndarray
        Slope of the neuron for z <= 0: any real number that float32 can hold (see
        `reference.optimizers.cast_like_keras`), 0 is ReLU.
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
    constants : {"float32", "direct"}
        How the slope, and what an optimizer of Keras casts, become numbers of the dtype: by way
        of float32, also in float64, as Keras does on TensorFlow, or directly, as everywhere
        else. Differs in float64 only, and below the smallest normal number.

    Raises
    ------
    TypeError, ValueError
        In one line: which field, what it was, what is allowed. Every number has to be
        finite in the dtype it is used in.

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
    constants: str = "float32"

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "dtype", checks.dtype("Experiment.dtype", self.dtype))
        for name, at_least in (("batch_size", 1), ("steps", 1), ("seed", 0)):
            put(self, name, checks.integer(f"Experiment.{name}", getattr(self, name), at_least=at_least))
        put(self, "negative_slope", _slope(self.negative_slope))
        if self.grad_at_zero is not None:
            put(self, "grad_at_zero", checks.number("Experiment.grad_at_zero", self.grad_at_zero, self.dtype))
        if self.constants not in CONSTANTS:
            raise ValueError(f"Experiment.constants must be one of {CONSTANTS}, got {self.constants!r}")
        put(self, "optimizer", _optimizer(self.optimizer, self.dtype).with_constants(self.constants))
        put(self, "target", _target(self.target, self.dtype))
        put(self, "trainable", _trainable(self.trainable))
        put(self, "initial", _initial(self.initial, self.dtype))
        checks.common_shape(ENSEMBLE, self._shapes())

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Experiment) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        """All fields, the arrays of an ensemble as tuples, which compare and hash as values."""
        starts = tuple(checks.as_value(p) for p in self.initial)
        return starts, *(checks.as_value(getattr(self, f.name)) for f in fields(self) if f.name != "initial")

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of everything that may be an array, by name."""
        starts = {f"initial.{name}": np.shape(p) for name, p in zip(Parameters._fields, self.initial, strict=True)}
        return {**starts, "negative_slope": np.shape(self.negative_slope), "optimizer": self.optimizer.shape}

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the ensemble; () for a single neuron."""
        return checks.common_shape(ENSEMBLE, self._shapes())

    @property
    def slope(self) -> Any:
        """The negative slope as a number of the dtype, or an array of them, rounded as `constants` says.

        Examples
        --------
        >>> from dataclasses import replace
        >>> sharp = Experiment(negative_slope=0.3, dtype="float64")
        >>> sharp.slope, replace(sharp, constants="direct").slope
        (np.float64(0.30000001192092896), np.float64(0.3))
        """
        dtype = np.dtype(self.dtype)
        return (
            cast_like_keras(self.negative_slope, dtype)
            if self.constants == "float32"
            else dtype.type(self.negative_slope)
        )


def draw_batches(experiment: Experiment) -> Batches:
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
    require_experiment(experiment)
    return next(iterate_batches(experiment, steps_per_block=experiment.steps))


def iterate_batches(experiment: Experiment, steps_per_block: int | None = None) -> Iterator[Batches]:
    """Draw the stream of `draw_batches` block by block, so that memory stays bounded.

    Parameters
    ----------
    experiment : Experiment
    steps_per_block : int, optional
        By default what makes blocks of about two million samples.

    Yields
    ------
    x, y : ndarray of shape (steps of this block, batch_size)

    Raises
    ------
    TypeError, ValueError
        If `experiment` is none, or `steps_per_block` is not a positive integer.

    Examples
    --------
    >>> [x.shape for x, y in iterate_batches(Experiment(steps=5, batch_size=3), steps_per_block=2)]
    [(2, 3), (2, 3), (1, 3)]
    """
    require_experiment(experiment)
    if steps_per_block is None:
        steps_per_block = max(1, SAMPLES_PER_BLOCK // experiment.batch_size)
    return _draw(experiment, checks.integer("steps_per_block", steps_per_block, at_least=1))


def _draw(experiment: Experiment, steps_per_block: int) -> Iterator[Batches]:
    for x in draw_samples(experiment, steps_per_block):
        with np.errstate(over="ignore"):  # by a teacher of enormous weight
            y = experiment.target.labels(x)
        yield x, y


def draw_samples(experiment: Experiment, steps_per_block: int) -> Iterator[np.ndarray]:
    """Draw the samples of `iterate_batches` alone, where nobody asks for labels."""
    rng = np.random.default_rng(experiment.seed)
    for start in range(0, experiment.steps, steps_per_block):
        steps = min(steps_per_block, experiment.steps - start)
        yield rng.standard_normal((steps, experiment.batch_size)).astype(experiment.dtype, copy=False)


def require_experiment(experiment: Any) -> None:
    """Raise TypeError if this is not an Experiment."""
    if not isinstance(experiment, Experiment):
        raise TypeError(f"experiment must be an Experiment, got {experiment!r}")


def check_batches(experiment: Experiment, batches: Any) -> None:
    """Raise TypeError or ValueError unless these are batches of the experiment's shape and dtype, and finite."""
    if not isinstance(batches, tuple) or len(batches) != 2:
        count = f" of {len(batches)}" if isinstance(batches, tuple) else ""
        raise TypeError(f"batches must be a tuple of x and y, got {type(batches).__name__}{count}")
    expected = (experiment.steps, experiment.batch_size)
    for name, array in zip("xy", batches, strict=True):
        if not isinstance(array, np.ndarray) or array.shape != expected or array.dtype != experiment.dtype:
            what = f"{array.dtype} of shape {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
            raise ValueError(f"batches: {name} must be {experiment.dtype} of shape {expected}, got {what}")
        if not (np.isfinite(array.min()) and np.isfinite(array.max())):
            step, sample = np.unravel_index(np.argmin(np.isfinite(array)), expected)
            raise ValueError(
                f"batches: {name} must be finite, got {array[step, sample]} at step {step}, sample {sample}"
            )


def _optimizer(optimizer: Any, dtype: str) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"Experiment.optimizer must be an Optimizer such as SGD(), got {optimizer!r}")
    for setting in fields(optimizer):
        value = getattr(optimizer, setting.name)
        if isinstance(value, (float, np.ndarray)):
            checks.numbers(f"Experiment.optimizer.{setting.name}", value, dtype)
    try:
        _ = optimizer.shape
    except ValueError:
        raise ValueError(
            f"Experiment.optimizer must have settings of shapes that broadcast together, got {optimizer!r}"
        ) from None
    return optimizer


def _slope(value: Any) -> Any:
    if isinstance(value, (list, tuple, np.ndarray)):
        return checks.numbers("Experiment.negative_slope", value, "float32")
    return checks.number("Experiment.negative_slope", value, "float32")


def _target(target: Any, dtype: str) -> Target:
    if not isinstance(target, tuple) or len(target) != len(Target._fields):
        raise TypeError(f"Experiment.target must be a Target, got {target!r}")
    named = zip(Target._fields, target, strict=True)
    return Target(*(checks.number(f"Experiment.target.{name}", value, dtype) for name, value in named))


def _trainable(names: Any) -> tuple[str, ...]:
    known = isinstance(names, (tuple, list, set, frozenset)) and all(name in Parameters._fields for name in names)
    if not known or len(names) == 0:
        raise ValueError(f"Experiment.trainable must be a tuple of some of {Parameters._fields}, got {names!r}")
    return tuple(name for name in Parameters._fields if name in names)


def _initial(initial: Any, dtype: str) -> Parameters:
    if not isinstance(initial, Parameters):
        raise TypeError(f"Experiment.initial must be Parameters, got {initial!r}")
    named = zip(Parameters._fields, initial, strict=True)
    return Parameters(*(checks.numbers(f"Experiment.initial.{name}", value, dtype) for name, value in named))
