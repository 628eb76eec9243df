"""Second derivatives of the expected loss, on x ~ N(0, 1) in closed form."""

from typing import Any

import numpy as np

from compare.surface.arguments import checked_arguments
from compare.surface.integrals import kernels
from compare.surface.integrals.evaluation import evaluate
from reference import Parameters, Target

__all__ = ["expected_hessian"]


def expected_hessian(
    parameters: Parameters, *, negative_slope: Any = 0.0, target: Target = Target(), inputs: Any = None
) -> Any:
    """Matrix of second derivatives of the expected loss.

    Parameters
    ----------
    parameters : Parameters
        Real numbers or arrays, of shapes that broadcast to (...) with the slope.
    negative_slope : float or ndarray
    target : Target
    inputs : scipy.stats frozen distribution, optional
        Of x, N(0, 1) by default, as for `expected_loss`.

    Returns
    -------
    ndarray of float64, shape (..., 4, 4)
        Rows and columns in the order w, b, v, d; symmetric. Error of every entry at most
        `errors.HESSIAN_ERROR` times the sizes of what it is the sum of, of its own unit, and
        at most that times the largest entry. NaN where an argument is NaN or infinite,
        but for the limit at b = -oo and slope 0, a dead neuron.

    Raises
    ------
    TypeError, ValueError
        As `expected_loss`.

    Notes
    -----
    With f the neuron's output, r the residual and f' = (v phi'(z) x, v phi'(z), phi(z), 1)::

        H = 2 E[f' f'^T] + 2 E[r f'']

    f'' is phi'(z) x for w and v, phi'(z) for b and v, and, for w and b among each other, a
    point mass at the kink k = -b/w, where phi' jumps by 1 - s::

        2 v (1 - s) r(k) p(k) / |w|  [[k^2, k], [k, 1]],   p the density of x

    It goes to 0 with w while b != 0. At w = b = 0 the loss is a cone: the entries of w and b
    with w, b and d are NaN there unless v (1 - s) = 0, those with v unless s = 1.

    Examples
    --------
    >>> expected_hessian(Parameters(w=1.0)).diagonal()[[0, 3]]
    array([1., 2.])
    """
    arguments = checked_arguments(parameters, negative_slope, target, inputs)
    entries = evaluate(kernels.HESSIAN, arguments)
    with np.errstate(all="ignore"):
        entries[[0, 1, 4]] += entries[10:]  # ww, wb, bb
    hessian = np.empty((*arguments.shape, 4, 4))
    for entry, i, j in zip(entries[:10], *np.triu_indices(4), strict=True):
        hessian[..., i, j] = hessian[..., j, i] = entry.reshape(arguments.shape)
    return hessian
