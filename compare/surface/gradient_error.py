"""How far the expected gradient may be from the truth."""

from typing import Any

import numpy as np

from compare.surface.arguments import RELU_TEACHER, checked_arguments, checked_target
from compare.surface.errors import GRADIENT_ERROR
from compare.surface.integrals import kernels
from compare.surface.integrals.evaluation import evaluate
from reference import Parameters, Target

__all__ = ["expected_gradient_error"]


def expected_gradient_error(
    parameters: Parameters, *, negative_slope: Any = 0.0, target: Target = RELU_TEACHER
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
    arguments, teacher = checked_arguments(parameters, negative_slope), checked_target(target)
    residual, *outputs = evaluate(kernels.sizes, kernels.SIZES, arguments, teacher)
    with np.errstate(all="ignore"):
        return Parameters(*(arguments.shaped(2 * GRADIENT_ERROR * residual * output) for output in outputs))
