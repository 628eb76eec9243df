"""One neuron learning another: the specification, in NumPy, to be read in one sitting.

Read `neuron` (the mathematics), `optimizers.sgd` (an update rule), `experiment` (what
determines a run) and `training` (the loop), in this order. NumPy and the standard library
are all it imports. `ensembles` is a faster way to the same numbers, and not part of it.

The defaults are the question's that this project began with, "Why a single ReLU can't learn
a ReLU": w x without bias, w from -10, plain SGD at 0.01 on batches of 1,000 samples x ~ N(0, 1)
with labels relu(x).
"""

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
from reference.optimizers import OPTIMIZERS, SGD, Adam, AdamW, Optimizer, OptimizerState, RMSprop
from reference.training import Trajectory, train

__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adam",
    "AdamW",
    "Experiment",
    "Forward",
    "Optimizer",
    "OptimizerState",
    "Parameters",
    "RMSprop",
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
]
