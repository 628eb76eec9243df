"""Expected loss of the neuron, on x ~ N(0, 1) in closed form.

    L(w, b, v, d) = E[(v phi(w x + b) + d - y)^2],   y = phi*(w* x + b*) of the teacher

The line is cut at zero and at the two kinks (`integrals.normal_pieces`); on each piece the residual is
linear and its moments are those of the normal distribution (`gaussian`). No expanded
square, no sampling. What the results are good for stands in `errors`.
"""

from typing import Any

from compare.surface.arguments import checked_arguments
from compare.surface.integrals import kernels
from compare.surface.integrals.evaluation import evaluate
from compare.surface.limits import put_limits
from reference import Parameters, Target

__all__ = ["expected_loss", "expected_loss_error"]


def expected_loss(
    parameters: Parameters, *, negative_slope: Any = 0.0, target: Target = Target(), inputs: Any = None
) -> Any:
    """Expected squared error of the neuron.

    Parameters
    ----------
    parameters : Parameters
        Real numbers or arrays.
    negative_slope : float or ndarray
        Broadcasts with the parameters, like a ufunc's argument.
    target : Target
        The teacher: finite floats.
    inputs : scipy.stats frozen distribution, optional
        Of x, N(0, 1) by default: any continuous distribution of finite variance. How good the
        result is then, `expected_loss_error` tells.

    Returns
    -------
    float64 scalar or ndarray
        Nonnegative. Relative error at most `errors.LOSS_ERROR` = 3.6e-15. NaN where an
        argument is NaN. Where exactly one is infinite, the limit (for N(0, 1); else NaN);
        where several are, there is none.

    Raises
    ------
    TypeError, ValueError
        In one line, for arguments that are not real numbers or do not broadcast.

    Notes
    -----
    With phi(z) = z for z > 0 and s z for z <= 0, k = -b/w, x = k + t on the far side of the
    kink and r the residual, linear on each piece between 0, k and the teacher's kink::

        L = sum over pieces of r(a)^2 m_0 + 2 r(a) r' m_1 + r'^2 m_2

    with moments m_k of the piece about its end a. For target Target() and b = 0, w < 0,
    s = 0 this is (w^2 + 1) / 2.

    Examples
    --------
    >>> expected_loss(Parameters(w=[-1.0, 0.0, 0.5, 1.0]))
    array([1.   , 0.5  , 0.125, 0.   ])
    """
    arguments = checked_arguments(parameters, negative_slope, target, inputs)
    (loss,) = evaluate(kernels.LOSS, arguments)
    put_limits(loss, arguments)
    return arguments.shaped(loss)


def expected_loss_error(
    parameters: Parameters, *, negative_slope: Any = 0.0, target: Target = Target(), inputs: Any = None
) -> Any:
    """How far `expected_loss` may be from the truth, absolutely.

    A bound for the normal, uniform, exponential and Laplace distributions; for others it
    contains QUADPACK's estimate for the moments of the pieces.

    Parameters
    ----------
    parameters, negative_slope, target, inputs
        As for `expected_loss`.

    Returns
    -------
    float64 scalar or ndarray

    Examples
    --------
    >>> float(expected_loss_error(Parameters(w=-1.0))) == 2.0**-48
    True
    """
    arguments = checked_arguments(parameters, negative_slope, target, inputs)
    (error,) = evaluate(kernels.LOSS_ERROR_BOUND, arguments)
    return arguments.shaped(error)
