"""One neuron learning another: the specification, in NumPy, to be read in one sitting.

`neuron` is the mathematics, `optimizers` the update rules, `experiment` what determines
a run, `training` the loop. NumPy and the standard library are all it imports.
"""

from typing import TYPE_CHECKING

from reference.experiment import Experiment, draw_batches, iterate_batches
from reference.neuron import (
    Forward,
    Parameters,
    Target,
    backward,
    forward,
    mean_squared_error,
    phi,
    phi_derivative,
)
from reference.optimizers import *  # noqa: F403  whatever optimizers there are
from reference.optimizers import OPTIMIZERS
from reference.training import Trajectory, train

if TYPE_CHECKING:
    from reference.optimizers import SGD as SGD
    from reference.optimizers import Adam as Adam
    from reference.optimizers import AdamW as AdamW
    from reference.optimizers import Optimizer as Optimizer
    from reference.optimizers import OptimizerState as OptimizerState
    from reference.optimizers import RMSprop as RMSprop

__all__ = [
    "OPTIMIZERS",
    "Experiment",
    "Forward",
    "Optimizer",
    "OptimizerState",
    "Parameters",
    "Target",
    "Trajectory",
    "backward",
    "draw_batches",
    "forward",
    "iterate_batches",
    "mean_squared_error",
    "phi",
    "phi_derivative",
    "train",
    *OPTIMIZERS,
]
