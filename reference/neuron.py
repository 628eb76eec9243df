"""One neuron, forward and backward, written out by hand: the beginning of the specification.

    z      = w x + b                 pre-activation
    phi(z) = z if z > 0 else s z     s: negative_slope, 0 is ReLU
    y_pred = v phi(z) + d
    loss   = (1/n) sum (y_pred - y)^2

Parameters may carry any leading shape (an ensemble of neurons, or the same neuron at
many steps); samples are the last axis. Every function works in the dtype it is given,
float32 or float64, to which Python numbers are converted. Integer arrays and mixtures
of dtypes are refused.
What a gradient is used for comes next, in `optimizers.sgd`.
"""

from typing import Any, NamedTuple

import numpy as np

__all__ = ["Forward", "Parameters", "Target", "backward", "forward", "mean_squared_error", "phi", "phi_derivative"]

_FLOATING = frozenset({np.dtype(np.float32), np.dtype(np.float64)})


class Parameters(NamedTuple):
    """The four numbers of the neuron ``v * phi(w x + b) + d``.

    The same tuple carries whatever belongs to each of the four: values, partial
    derivatives, optimizer slots. A partial derivative that is not taken is None.

    Parameters
    ----------
    w, b : float or ndarray
        Weight and bias of the input, ``z = w x + b``.
    v, d : float or ndarray
        Weight and bias of the output, ``y_pred = v phi(z) + d``.

    Examples
    --------
    >>> Parameters(w=-10.0)
    Parameters(w=-10.0, b=0.0, v=1.0, d=0.0)
    """

    w: Any
    b: Any = 0.0
    v: Any = 1.0
    d: Any = 0.0


class Target(NamedTuple):
    """The target, or teacher: the function ``phi(w x + b)`` that the neuron is to learn.

    Examples
    --------
    >>> Target().labels(np.array([-2.0, 0.5]))
    array([0. , 0.5])
    """

    w: float = 1.0
    b: float = 0.0
    negative_slope: float = 0.0

    def labels(self, x: Any) -> Any:
        """Return y = phi(w x + b) in the dtype of `x`, an array of any shape."""
        _require_one_dtype("x", x)
        scalar = x.dtype.type
        return phi(scalar(self.w) * x + scalar(self.b), scalar(self.negative_slope))


def phi(z: Any, negative_slope: Any) -> Any:
    """Leaky ReLU of the pre-activation, z where z > 0 and negative_slope * z elsewhere.

    Parameters
    ----------
    z : ndarray, floating
        Pre-activation.
    negative_slope : floating scalar or ndarray
        Any real number; broadcasts against `z`. The scalar 0 is ReLU, ``maximum(z, 0)``,
        which is finite at -inf, where the product 0 * z is not.

    Returns
    -------
    ndarray of the dtype of `z`. phi(0) = 0; NaN gives NaN.

    Raises
    ------
    TypeError
        If the arguments are not of one floating dtype.

    See Also
    --------
    phi_derivative : Its derivative, and the value taken at the kink.

    Examples
    --------
    >>> phi(np.array([-2.0, 0.0, 3.0]), 0.25)
    array([-0.5,  0. ,  3. ])
    """
    _require_one_dtype("z and negative_slope", z, negative_slope)
    if _is_number(negative_slope) and negative_slope == 0:
        return np.maximum(z, 0)
    return np.where(z > 0, z, negative_slope * z)


def phi_derivative(z: Any, negative_slope: Any, grad_at_zero: Any = None) -> Any:
    """Derivative of `phi` with respect to the pre-activation z (never the output).

    ``phi'(z) = 1`` for z > 0 and `negative_slope` for z < 0. At the kink, z = 0 or
    z = -0.0, there is no derivative; the value taken there is `grad_at_zero`, by default
    the slope, as Keras takes it on TensorFlow (0 for ReLU). NaN counts as not positive.

    Parameters
    ----------
    z : ndarray, floating
    negative_slope, grad_at_zero : floating scalar or ndarray
        Of the dtype of `z` (Python floats are fine).

    Returns
    -------
    ndarray of the dtype of `z`.

    Raises
    ------
    TypeError
        If the arguments are not of one floating dtype.

    Examples
    --------
    >>> phi_derivative(np.array([-2.0, -0.0, 3.0]), 0.25)
    array([0.25, 0.25, 1.  ])
    >>> phi_derivative(np.array([-2.0, -0.0, 3.0]), 0.25, grad_at_zero=0.5)
    array([0.25, 0.5 , 1.  ])
    """
    _require_one_dtype("z, negative_slope and grad_at_zero", z, negative_slope, grad_at_zero)
    one = z.dtype.type(1)
    if grad_at_zero is None and _is_number(negative_slope) and negative_slope == 0:
        return (z > 0).astype(z.dtype)  # many times faster than a choice between two numbers
    slope = z.dtype.type(negative_slope) if _is_number(negative_slope) else negative_slope
    left = slope if grad_at_zero is None else np.where(z == 0, grad_at_zero, slope)
    return np.where(z > 0, one, left)


class Forward(NamedTuple):
    """What the forward pass leaves for the backward pass; arrays of shape (..., n)."""

    z: Any
    activation: Any
    y_pred: Any


def forward(parameters: Parameters, x: Any, negative_slope: Any) -> Forward:
    """Evaluate the neuron on samples.

    Parameters
    ----------
    parameters : Parameters
        Scalars or arrays of shape (...).
    x : ndarray of shape (n,) or (..., n)
        Samples, in the dtype of the parameters.
    negative_slope : floating scalar, or ndarray of shape (..., 1)
        With an axis for the samples, unlike the parameters, to which one is appended here.

    Returns
    -------
    Forward

    Raises
    ------
    TypeError
        If the arguments are not of one floating dtype.

    Examples
    --------
    >>> forward(Parameters(w=2.0, b=-1.0), np.array([1.0, -1.0]), 0.5).y_pred
    array([ 1. , -1.5])
    """
    _require_one_dtype("parameters and x", *parameters, x)
    w, b, v, d = (_across_samples(p) for p in parameters)
    z = w * x + b
    activation = phi(z, negative_slope)
    return Forward(z, activation, v * activation + d)


def backward(
    parameters: Parameters,
    x: Any,
    y: Any,
    at: Forward,
    negative_slope: Any,
    trainable: tuple[str, ...] = Parameters._fields,
    grad_at_zero: Any = None,
) -> Parameters:
    """Partial derivatives of the mean squared error, by the chain rule.

    With ``e = y_pred - y`` and n samples::

        dL/dy_pred = 2 e / n
        dL/dd = sum dL/dy_pred             dL/dv = sum dL/dy_pred phi(z)
        dL/dz = dL/dy_pred v phi'(z)
        dL/db = sum dL/dz                  dL/dw = sum dL/dz x

    Parameters
    ----------
    parameters, x, negative_slope
        As for `forward`.
    y : ndarray, broadcasts with `x`
        Labels.
    at : Forward
        What `forward` returned for the same arguments.
    trainable : tuple of str
        Which derivatives to take; the others are None.
    grad_at_zero : floating scalar, optional
        Value of phi' at the kink, see `phi_derivative`.

    Returns
    -------
    Parameters of shape (...)

    Raises
    ------
    TypeError, ValueError
        If labels and predictions are not of one floating dtype, or do not fit together.

    Examples
    --------
    >>> p, x, y = Parameters(w=2.0), np.array([1.0, -1.0]), np.array([1.0, 0.0])
    >>> backward(p, x, y, forward(p, x, 0.0), 0.0, ("w", "b"))
    Parameters(w=np.float64(1.0), b=np.float64(1.0), v=None, d=None)
    """
    residual = _residual(at.y_pred, y)
    upstream = residual * 2 / x.shape[-1]
    gradient: dict[str, Any] = dict.fromkeys(Parameters._fields)
    if "d" in trainable:
        gradient["d"] = upstream.sum(axis=-1)
    if "v" in trainable:
        gradient["v"] = (upstream * at.activation).sum(axis=-1)
    if "w" in trainable or "b" in trainable:
        inward = upstream * _across_samples(parameters.v) * phi_derivative(at.z, negative_slope, grad_at_zero)
        if "b" in trainable:
            gradient["b"] = inward.sum(axis=-1)
        if "w" in trainable:
            gradient["w"] = (inward * x).sum(axis=-1)
    return Parameters(**gradient)


def mean_squared_error(y_pred: Any, y: Any) -> Any:
    """(1/n) sum (y_pred - y)^2 over the last axis, in the dtype of the arguments.

    Raises
    ------
    TypeError, ValueError
        If the arguments are not of one floating dtype, or do not fit together: `y` may
        be repeated along the axes of `y_pred`, never the other way round.

    Examples
    --------
    >>> mean_squared_error(np.array([1.0, 3.0]), np.array([0.0, 1.0]))
    np.float64(2.5)
    """
    residual = _residual(y_pred, y)
    return np.square(residual).sum(axis=-1) / residual.shape[-1]


def _across_samples(parameter: Any) -> Any:
    """Append the sample axis to an array parameter; scalars broadcast as they are."""
    return parameter if _is_number(parameter) else parameter[..., None]


def _is_number(value: Any) -> bool:
    """Whether it is a number, Python's or NumPy's, and no array of numbers."""
    return getattr(value, "ndim", 0) == 0


def _residual(y_pred: Any, y: Any) -> Any:
    """y_pred - y, once it is sure that nothing is broadcast by accident."""
    _require_one_dtype("y_pred and y", y_pred, y)
    expected, got = np.shape(y_pred), np.shape(y)
    if got != expected and (len(got) > len(expected) or np.broadcast_shapes(got, expected) != expected):
        raise ValueError(f"y must have the shape of y_pred, {expected}, or be repeated along its axes, got {got}")
    if expected[-1:] in ((), (0,)):
        raise ValueError(f"y_pred must have at least one sample along its last axis, got shape {expected}")
    return y_pred - y


def _require_one_dtype(names: str, *values: Any) -> None:
    """Refuse integers and mixtures, but let complex arrays through: they carry a derivative by the complex step."""
    dtypes = {value.dtype for value in values if hasattr(value, "dtype")}
    if len(dtypes) == 1 and dtypes <= _FLOATING:
        return
    if not any(dtype.kind == "c" for dtype in dtypes):
        got = " and ".join(sorted(map(str, dtypes))) or type(values[0]).__name__
        raise TypeError(f"{names} must be float32 or float64 throughout, got {got}")
