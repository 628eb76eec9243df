"""The exact witness: the expected loss of the neuron, and what follows from it.

No sampling and no network code: closed forms of the normal distribution.
"""

from compare.surface.loss import expected_gradient, expected_loss

__all__ = ["expected_gradient", "expected_loss"]
