"""How often the neuron is active."""

from typing import Any

from compare.surface.arguments import checked_arguments
from compare.surface.integrals import kernels
from compare.surface.integrals.evaluation import evaluate
from reference import Parameters, Target

__all__ = ["activation_probability"]


def activation_probability(parameters: Parameters, *, inputs: Any = None) -> Any:
    """P(w x + b > 0): the share of samples that a ReLU learns from.

    Parameters
    ----------
    parameters : Parameters
        Real numbers or arrays; v and d only take part in the shape.
    inputs : scipy.stats frozen distribution, optional
        Of x, N(0, 1) by default, as for `expected_loss`.

    Returns
    -------
    float64 scalar or ndarray
        Phi(b / abs(w)) for the normal distribution; for w = 0 it is 1 if b > 0 and 0 otherwise,
        z = 0 not being active. NaN where a parameter is NaN or infinite, but for b = -oo.
        Relative error at most `errors.PROBABILITY_ERROR` for the normal distribution, also in
        the tail.

    Raises
    ------
    TypeError, ValueError
        As `expected_loss`.

    Examples
    --------
    >>> activation_probability(Parameters(w=[1.0, -2.0, 0.0], b=[0.0, 0.0, 1.0]))
    array([0.5, 0.5, 1. ])
    """
    arguments = checked_arguments(parameters, 0.0, Target(), inputs)
    (probability,) = evaluate(kernels.PROBABILITY, arguments)
    return arguments.shaped(probability)
