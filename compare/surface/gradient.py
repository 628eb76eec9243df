"""Gradient of the expected loss, on x ~ N(0, 1) in closed form."""

from typing import Any

import numpy as np

from compare.surface.arguments import Arguments, checked_arguments, checked_side
from compare.surface.errors import GRADIENT_ERROR
from compare.surface.integrals import kernels
from compare.surface.integrals.evaluation import evaluate
from compare.surface.limits import put_limits
from reference import Parameters, Target

__all__ = ["expected_gradient", "expected_gradient_error", "expected_loss_and_gradient"]


def expected_gradient(
    parameters: Parameters,
    *,
    negative_slope: Any = 0.0,
    target: Target = Target(),
    inputs: Any = None,
    side: str | None = None,
    grad_at_zero: float | None = None,
) -> Parameters:
    """Partial derivatives of the expected loss by w, b, v and d.

    Parameters
    ----------
    parameters, negative_slope, target, inputs
        As for `expected_loss`.
    side : {"left", "right"}, optional
        Take the one-sided partial derivatives by w and by b, the limits of difference
        quotients from below or above. They differ at w = b = 0 only.
    grad_at_zero : float, optional
        Value of phi'(0), as in `Experiment`, for what gradient descent sees at w = b = 0,
        where z = 0 for all x. The default is the slope, as in Keras on TensorFlow.

    Returns
    -------
    Parameters of float64 scalars or ndarrays
        Error of each component at most `errors.GRADIENT_ERROR` times 2 E|r df/dp|. NaN where
        an argument is NaN or infinite, but for the limit at b = -oo and slope 0, a dead
        neuron.

    Raises
    ------
    TypeError, ValueError
        As `expected_loss`; also if both `side` and `grad_at_zero` are given.

    Notes
    -----
    With r the residual::

        dL/dw = 2 v E[r phi'(z) x]      dL/dv = 2 E[r phi(z)]
        dL/db = 2 v E[r phi'(z)]        dL/dd = 2 E[r]

    L is continuously differentiable except at w = b = 0, where it is a cone in (w, b) unless
    v (1 - s) = 0. With w = 0 and b != 0 the kink is at infinity and phi'(z) = phi'(b).

    Examples
    --------
    >>> expected_gradient(Parameters(w=-0.5)).w
    np.float64(-0.5)
    >>> [float(expected_gradient(Parameters(w=0.0), negative_slope=0.5, side=side).w) for side in ("left", "right")]
    [-0.5, -1.0]
    >>> float(expected_gradient(Parameters(w=0.0), grad_at_zero=0.5).w)
    -0.5
    """
    arguments = checked_arguments(parameters, negative_slope, target, inputs)
    side, at_zero = checked_side(side, grad_at_zero)
    return _on_side(side, evaluate(kernels.GRADIENT, arguments, at_zero), arguments)


def expected_loss_and_gradient(
    parameters: Parameters,
    *,
    negative_slope: Any = 0.0,
    target: Target = Target(),
    inputs: Any = None,
    side: str | None = None,
    grad_at_zero: float | None = None,
) -> tuple[Any, Parameters]:
    """`expected_loss` and `expected_gradient`, the same bits, for little more than the cost of one.

    Parameters
    ----------
    parameters, negative_slope, target, inputs, side, grad_at_zero
        As for `expected_gradient`.

    Returns
    -------
    tuple of loss and Parameters

    Examples
    --------
    >>> loss, gradient = expected_loss_and_gradient(Parameters(w=-1.0))
    >>> float(loss), float(gradient.w)
    (1.0, -1.0)
    """
    arguments = checked_arguments(parameters, negative_slope, target, inputs)
    side, at_zero = checked_side(side, grad_at_zero)
    loss, *gradient = evaluate(kernels.LOSS_AND_GRADIENT, arguments, at_zero)
    put_limits(loss, arguments)
    return arguments.shaped(loss), _on_side(side, gradient, arguments)


def _on_side(side: str | None, gradient: Any, arguments: Arguments) -> Parameters:
    """Replace what depends on the side, if one is asked for: the derivatives by w and b at w = b = 0.

    There phi is homogeneous: by w the derivative is +-v E[2 (d - y) phi(+-x)], which is +-v
    dL/dv at w = +-1 and v = 0, and by b it is v phi'(+-1) E[2 (d - y)].
    """
    w, b, v, d, s = arguments[:5]
    cone = np.broadcast_to((np.asarray(w) == 0) & (np.asarray(b) == 0), gradient[0].shape)
    if side is not None and cone.any():
        v, d, s = (x if isinstance(x, float) else x[cone] for x in (v, d, s))
        sign = 1.0 if side == "right" else -1.0
        turned_on = arguments._replace(w=np.full(cone.sum(), sign), b=0.0, v=0.0, d=d, s=s, shape=(cone.sum(),))
        _, _, by_v, _ = evaluate(kernels.GRADIENT, turned_on)
        gradient[0][cone] = sign * v * by_v
        gradient[1][cone] = v * (1.0 if side == "right" else s) * gradient[3][cone]
    return Parameters(*(arguments.shaped(g) for g in gradient))


def expected_gradient_error(
    parameters: Parameters, *, negative_slope: Any = 0.0, target: Target = Target()
) -> Parameters:
    """How far each component of `expected_gradient` may be from the truth, absolutely, for x ~ N(0, 1).

    Parameters
    ----------
    parameters, negative_slope, target
        As for `expected_gradient`.

    Returns
    -------
    Parameters of float64 scalars or ndarrays
        NaN where the gradient is.

    Raises
    ------
    TypeError, ValueError
        As `expected_loss`.

    Notes
    -----
    With f the neuron's output and r the residual, `errors` promises GRADIENT_ERROR times
    2 E|r df/dp|, which by the Cauchy-Schwarz inequality is at most

        2 (E[r^2] E[(df/dp)^2])^(1/2),    df/dp = v phi'(z) x, v phi'(z), phi(z), 1

    Examples
    --------
    >>> error = expected_gradient_error(Parameters(w=-1.0))  # the loss is 1, and E[(df/dw)^2] = 1/2
    >>> float(error.d) == 2.0**-47, float(error.w / error.d) == 0.5**0.5
    (True, True)
    """
    arguments = checked_arguments(parameters, negative_slope, target)
    residual, *outputs = evaluate(kernels.SIZES, arguments)
    with np.errstate(all="ignore"):
        return Parameters(*(arguments.shaped(2 * GRADIENT_ERROR * residual * output) for output in outputs))
