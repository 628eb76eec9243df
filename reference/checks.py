"""Checks of what a caller hands in; each error is one line: what, what is allowed, what it was.

And what follows from a number being a number or an array of them: comparing such values,
and picking the one of a member.
"""

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["as_value", "common_shape", "dtype", "integer", "number", "numbers", "pick"]

DTYPES = ("float32", "float64")
LARGEST_SINGLE = float(np.finfo(np.float32).max)  # what is no larger is finite in either


def dtype(name: str, value: Any) -> str:
    """Name of a dtype that everything works in, also from a NumPy dtype.

    Examples
    --------
    >>> dtype("dtype", np.ones(2).dtype)
    'float64'
    """
    word = value.name if isinstance(value, np.dtype) else value
    if not isinstance(word, str) or word not in DTYPES:
        raise ValueError(f"{name} must be float32 or float64, got {value!r}")
    return word


def integer(name: str, value: Any, at_least: int) -> int:
    """Return an integer of Python or NumPy; a bool is none.

    Examples
    --------
    >>> integer("steps", 2.0, at_least=1)
    Traceback (most recent call last):
    TypeError: steps must be an integer of at least 1, got 2.0
    """
    allowed = f"{name} must be an integer of at least {at_least}, got {value!r}"
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(allowed)
    try:
        checked = operator.index(value)
    except TypeError:
        raise TypeError(allowed) from None
    if checked < at_least:
        raise ValueError(allowed)
    return checked


def number(name: str, value: Any, dtype: str) -> float:
    """Return a real number as a float; it must not overflow in `dtype`.

    Examples
    --------
    >>> number("slope", 1e39, "float32")
    Traceback (most recent call last):
    ValueError: slope must be finite in float32, got 1e+39
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, got {value!r}")
    checked = numbers(name, value, dtype)
    return float(checked)


def numbers(name: str, value: Any, dtype: str) -> Any:
    """Return a number as a float, or nested numbers as a read-only float64 copy.

    Examples
    --------
    >>> numbers("w", [1, 2], "float32")
    array([1., 2.])
    >>> numbers("w", [], "float32")
    Traceback (most recent call last):
    ValueError: w must be at least one number, got []
    """
    if type(value) is float and abs(value) <= LARGEST_SINGLE:
        return value
    try:
        array = np.array(float(value) if type(value) is int else value)
    except OverflowError:  # an int that no float holds
        raise ValueError(f"{name} must be finite in {dtype}, got {value!r}") from None
    except ValueError:  # lists of unequal length
        array = np.array(None)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a number or an array of numbers, got {value!r}")
    if array.size == 0:
        raise ValueError(f"{name} must be at least one number, got {value!r}")
    with np.errstate(over="ignore"):
        array = array.astype(np.float64)
        finite = np.isfinite(array.astype(dtype))
    if not finite.all():
        raise ValueError(f"{name} must be finite in {dtype}, got {float(array[~finite].flat[0])!r}")
    array.setflags(write=False)
    return float(array) if array.ndim == 0 else array


def common_shape(names: str, shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """The shape that all of these broadcast to: an ensemble's.

    Examples
    --------
    >>> common_shape("w and b", {"w": (3,), "b": (2, 1)})
    (2, 3)
    >>> common_shape("w and b", {"w": (3,), "b": (2,)})
    Traceback (most recent call last):
    ValueError: w and b must have shapes that broadcast together, got w (3,), b (2,)
    """
    if not any(shapes.values()):
        return ()
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        got = ", ".join(f"{name} {shape}" for name, shape in shapes.items() if shape)
        raise ValueError(f"{names} must have shapes that broadcast together, got {got}") from None


def as_value(value: Any) -> Any:
    """What compares and hashes as the value: an array becomes its shape and numbers.

    Examples
    --------
    >>> as_value(np.array([[1.0, 2.0]])), as_value(0.5)
    (((1, 2), (1.0, 2.0)), 0.5)
    """
    return (value.shape, tuple(value.ravel().tolist())) if isinstance(value, np.ndarray) else value


def pick(value: Any, shape: tuple[int, ...], index: int) -> float:
    """The number that is a member's own, of numbers that broadcast to an ensemble's shape.

    Examples
    --------
    >>> pick(np.array([1.0, 2.0]), (3, 2), 3)
    2.0
    """
    return float(np.broadcast_to(value, shape).flat[index])
