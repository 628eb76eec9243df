"""What all optimizers share: frozen settings and two pure methods, `init` and `step`.

An optimizer is one subclass with its settings as fields, its `slots`, and `update`, the
rule for a single parameter, in the spelling of Keras. Nothing else is asked of it.
"""

import abc
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from reference import checks
from reference.neuron import Parameters

__all__ = ["Optimizer", "OptimizerState", "cast_like_keras"]

PER_MEMBER = frozenset({"learning_rate", "momentum"})  # may be arrays: each member of an ensemble its own

SMALLEST_NORMAL = float(np.finfo(np.float32).tiny)

_FLOATING = frozenset({np.dtype(np.float32), np.dtype(np.float64)})


class OptimizerState(NamedTuple):
    """What an optimizer remembers between steps.

    Parameters
    ----------
    iterations : int or ndarray
        Completed steps, Keras' `iterations`. An array of shape (...) lets states of
        different age be stepped together.
    slots : mapping of str to Parameters
        One entry per slot, under Keras' name for the slot variable.
    """

    iterations: Any
    slots: Mapping[str, Parameters]


@dataclass(frozen=True, kw_only=True, eq=False)
class Optimizer(abc.ABC):
    """Base of the optimizers; settings carry Keras' names and defaults.

    The settings `learning_rate` and `momentum` may be arrays, kept as read-only copies in
    float64: each member of an ensemble then has its own. Everything else is one value for
    all. Subclasses are declared with ``eq=False``, so that equality and hash are these,
    which compare arrays as values.
    """

    learning_rate: float = 0.01

    constants: ClassVar[str] = "float32"  # how `constant` rounds, see `with_constants`
    differs: ClassVar[str] = ""  # a clause: what this formula does where systems differ, see `readings`

    def __post_init__(self) -> None:
        for field in fields(self):
            where, value = f"{type(self).__name__}.{field.name}", getattr(self, field.name)
            if field.type in (bool, "bool"):
                if not isinstance(value, (bool, np.bool_)):
                    raise TypeError(f"{where} must be True or False, got {value!r}")
                checked: Any = bool(value)
            else:
                checked = _in_range(
                    where, value, self._ranges.get(field.name, (0.0, math.inf)), field.name in PER_MEMBER
                )
            object.__setattr__(self, field.name, checked)

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Optimizer) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        return type(self), *(checks.as_value(getattr(self, field.name)) for field in fields(self))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the settings together; () if each is a single number.

        Examples
        --------
        >>> from reference import SGD
        >>> SGD(learning_rate=[0.5, 0.25, 0.125], momentum=[[0.0], [0.5]]).shape
        (2, 3)
        """
        shapes = [np.shape(getattr(self, field.name)) for field in fields(self)]
        return np.broadcast_shapes(*shapes) if any(shapes) else ()

    def member(self, shape: tuple[int, ...], index: int) -> Self:
        """The optimizer of one member, by its position in the flattened ensemble of that shape.

        Examples
        --------
        >>> from reference import SGD
        >>> SGD(learning_rate=[0.5, 0.25]).member((3, 2), 5)
        SGD(learning_rate=0.25, momentum=0.0, nesterov=False)
        """
        arrays = {name: value for name in PER_MEMBER if np.ndim(value := getattr(self, name, 0.0)) > 0}
        return replace(self, **{name: checks.pick(value, shape, index) for name, value in arrays.items()})

    def constant(self, value: Any, dtype: np.dtype[Any]) -> Any:
        """A setting that Keras casts: by way of float32 (`cast_like_keras`), or directly where `constants` says so."""
        return cast_like_keras(value, dtype) if self.constants == "float32" else dtype.type(value)

    def with_constants(self, constants: str) -> "Optimizer":
        """The same optimizer, casting its settings by way of "float32", as on TensorFlow, or "direct"-ly.

        Formulas of systems that have but one way, in `reference.optimizers.pytorch` and so on, keep it.

        Examples
        --------
        >>> from reference import SGD
        >>> direct = SGD(momentum=0.9).with_constants("direct")
        >>> direct, direct == SGD(momentum=0.9), direct.with_constants("float32") == SGD(momentum=0.9)
        (SGD(learning_rate=0.01, momentum=0.9, nesterov=False), False, True)
        >>> direct.constant(0.9, np.dtype(np.float64))
        np.float64(0.9)
        """
        if constants == "direct" and self.constants == "float32":
            return _directly(type(self), _settings(self))
        if constants == "float32" and _DIRECTLY in type(self).__dict__:
            (kind,) = type(self).__bases__
            return kind(**_settings(self))  # type: ignore[no-any-return]
        return self

    @property
    def _ranges(self) -> Mapping[str, tuple[float, float]]:
        """Closed range of each setting; 0 to infinity where nothing is said."""
        return MappingProxyType({"learning_rate": (-math.inf, math.inf)})

    @property
    @abc.abstractmethod
    def slots(self) -> tuple[str, ...]:
        """Names of the slots in use, as Keras names its slot variables."""

    @abc.abstractmethod
    def update(self, w: Any, g: Any, iterations: Any, slots: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Update one parameter `w` (ndarray or scalar) from its gradient `g`.

        Written with operators and ufuncs only, in Keras' order of operations, and without
        modifying its arguments. `iterations` counts the steps completed before this one.
        Returns the new parameter and the new slots.
        """

    def init(self, parameters: Parameters) -> OptimizerState:
        """State before the first step: every slot zero, shaped like its parameter."""
        zeros = Parameters(*(type(p)(0.0) if isinstance(p, float) else np.zeros_like(p)[()] for p in parameters))
        return OptimizerState(0, MappingProxyType(dict.fromkeys(self.slots, zeros)))

    def step(
        self, parameters: Parameters, gradient: Parameters, state: OptimizerState
    ) -> tuple[Parameters, OptimizerState]:
        """Take one step; neither argument is modified.

        Parameters
        ----------
        parameters, gradient : Parameters
            Scalars or arrays, float32 or float64. A gradient that is None belongs to a
            parameter that is not trained: it and its slots stay as they are.
        state : OptimizerState
            From `init` or the previous `step`.

        Returns
        -------
        tuple of Parameters and OptimizerState
            In the dtype of the arguments.

        Raises
        ------
        TypeError, ValueError
            If a parameter and its gradient differ in dtype or shape or are not floating
            point, or if the state is another optimizer's.
        """
        names = self.slots
        if state.slots.keys() != set(names):
            raise ValueError(f"state must hold the slots {names}, got {tuple(state.slots)}")
        stepped = {name: list(state.slots[name]) for name in names}
        new = list(parameters)
        for i, (w, g) in enumerate(zip(parameters, gradient, strict=True)):
            if g is None:
                continue
            _require_alike(Parameters._fields[i], w, g)
            mine = {name: state.slots[name][i] for name in names}
            new[i], mine = self.update(w, g, state.iterations, mine)
            for name in names:
                stepped[name][i] = mine[name]
        slots = MappingProxyType({name: Parameters(*values) for name, values in stepped.items()})
        return Parameters(*new), OptimizerState(state.iterations + 1, slots)


_DIRECTLY = "_casts_directly"  # marks what `_direct` makes


@cache
def _direct(kind: Any) -> Any:
    """The class of an optimizer that casts its settings directly, under the same name."""
    inherited = {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__}

    def rebuild(self: Optimizer) -> Any:  # pickle looks classes up by their name, which is the other one's
        return _directly, (kind, _settings(self))

    return type(kind.__name__, (kind,), {**inherited, "constants": "direct", _DIRECTLY: True, "__reduce__": rebuild})


def _directly(kind: Any, settings: dict[str, Any]) -> Optimizer:
    optimizer: Optimizer = _direct(kind)(**settings)
    return optimizer


def _settings(optimizer: Optimizer) -> dict[str, Any]:
    return {field.name: getattr(optimizer, field.name) for field in fields(optimizer)}


def _in_range(where: str, value: Any, allowed: tuple[float, float], per_member: bool) -> Any:
    """A setting as a float, or as a read-only float64 copy of an array of them."""
    low, high = allowed
    if per_member and isinstance(value, (list, tuple, np.ndarray)):
        checked = checks.numbers(where, value, "float64")
    elif isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{where} must be a number, got {value!r}")
    elif not _is_finite(value):
        raise ValueError(f"{where} must be finite, got {value!r}")
    else:
        checked = float(value)
    if isinstance(checked, float) and low <= checked <= high:
        return checked
    values = np.ravel(checked)
    outside = values[~((low <= values) & (values <= high))]
    if outside.size:
        got = value if np.isscalar(value) else float(outside[0])
        raise ValueError(f"{where} must be in [{low:g}, {high:g}], got {got!r}")
    return checked


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an int that no float holds
        return False


def cast_like_keras(value: Any, dtype: np.dtype[Any]) -> Any:
    """Round a setting to `dtype` by way of float32, as Keras does on TensorFlow.

    `keras.ops.cast` hands a Python float to `tf.cast`, which makes it a float32 tensor
    first. In float64 a momentum of 0.9 is therefore 0.89999997615814209, and one that is
    below the smallest normal number of float32 is 0: TensorFlow flushes it, in either
    dtype and in all of its modes. A setting that Keras uses in arithmetic without casting
    it is rounded once, and so it is here. An array is rounded element by element. The
    imaginary part of a complex setting, which carries a derivative, stays as it is.

    Examples
    --------
    >>> cast_like_keras(0.9, np.dtype(np.float64))
    np.float64(0.8999999761581421)
    >>> cast_like_keras(-1e-40, np.dtype(np.float64))
    np.float64(-0.0)
    """
    if isinstance(value, complex):
        return dtype.type(complex(cast_like_keras(value.real, np.dtype(np.float64)), value.imag))
    rounded = np.float32(value)
    if np.ndim(rounded):
        return dtype.type(np.where(np.abs(rounded) < SMALLEST_NORMAL, rounded * 0, rounded))
    return dtype.type(rounded if abs(rounded) >= SMALLEST_NORMAL else rounded * 0)


def any_positive(setting: Any) -> bool:
    """Whether a setting, a number or an array of them, is above 0 for anyone.

    Examples
    --------
    >>> any_positive(0.0), any_positive(np.array([0.0, 0.5]))
    (False, True)
    """
    return bool(setting > 0 if isinstance(setting, float) else np.any(setting > 0))  # asked at every step


def dtype_of(value: Any) -> np.dtype[Any]:
    """Dtype of an array or NumPy scalar; that of a Python float is float64."""
    return getattr(value, "dtype", np.dtype(np.float64))


def bias_correction(beta: Any, iterations: Any, dtype: np.dtype[Any]) -> Any:
    """1 - beta^t at step t = iterations + 1, evaluated in `dtype`, to which beta is rounded directly.

    Examples
    --------
    >>> bias_correction(0.5, np.array([0, 2]), np.dtype(np.float64))
    array([0.5  , 0.875])
    """
    return 1 - np.power(dtype.type(beta), np.add(iterations, 1, dtype=dtype))


def in_double(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return float64, or `dtype` where that is wider or complex: what Python's own numbers are.

    Examples
    --------
    >>> in_double(np.dtype(np.float32)), in_double(np.dtype(complex))
    (dtype('float64'), dtype('complex128'))
    """
    return np.result_type(dtype, np.float64)


def _require_alike(name: str, w: Any, g: Any) -> None:
    if getattr(w, "shape", ()) != getattr(g, "shape", ()):
        raise ValueError(f"{name} and its gradient must have one shape, got {np.shape(w)} and {np.shape(g)}")
    # A Python float takes any dtype on; np.float64, its subclass, has one.
    kinds = {getattr(value, "dtype", type(value)) for value in (w, g)} - {float}
    if len(kinds) > 1 or not kinds <= _FLOATING:
        got = {getattr(value, "dtype", type(value).__name__) for value in (w, g)}
        raise TypeError(
            f"{name} and its gradient must both be float32 or both float64, got {' and '.join(sorted(map(str, got)))}"
        )
