"""Optimizers as frozen values: ``init(parameters)`` and ``step(parameters, gradient, state)``.

`sgd` is the one to read first; `base` holds what all of them share. A new optimizer is one
class under Keras' name, in a file of its own or beside its kin, imported and listed here
and in `reference`. Everything else finds it in `OPTIMIZERS`.

These are Keras'. `pytorch`, `optax` and `paper` hold the formulas of others for the same
names, their *readings*; `readings` lists them and goes from one to another.
"""

from reference.optimizers.adam import Adam, AdamW
from reference.optimizers.base import Optimizer, OptimizerState, cast_like_keras
from reference.optimizers.readings import READINGS, translate
from reference.optimizers.rmsprop import RMSprop
from reference.optimizers.sgd import SGD

__all__ = [
    "OPTIMIZERS",
    "READINGS",
    "SGD",
    "Adam",
    "AdamW",
    "Optimizer",
    "OptimizerState",
    "RMSprop",
    "cast_like_keras",
    "translate",
]

OPTIMIZERS: dict[str, type[Optimizer]] = {kind.__name__: kind for kind in (Adam, AdamW, RMSprop, SGD)}
