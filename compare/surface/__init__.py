"""The exact witness: the expected loss of the neuron, and what follows from it.

No sampling and no network code: closed forms of the normal distribution.
"""

from compare.surface.activation import activation_probability
from compare.surface.basins import Basins, arrived, basins
from compare.surface.critical import KINDS, CriticalPoint, critical_points
from compare.surface.descent import Descent, expected_descent
from compare.surface.flow import Flow, gradient_flow
from compare.surface.gradient import expected_gradient, expected_gradient_error, expected_loss_and_gradient
from compare.surface.hessian import expected_hessian
from compare.surface.loss import expected_loss, expected_loss_error

__all__ = [
    "KINDS",
    "Basins",
    "CriticalPoint",
    "Descent",
    "Flow",
    "activation_probability",
    "arrived",
    "basins",
    "critical_points",
    "expected_descent",
    "expected_gradient",
    "expected_gradient_error",
    "expected_hessian",
    "expected_loss",
    "expected_loss_and_gradient",
    "expected_loss_error",
    "gradient_flow",
]
