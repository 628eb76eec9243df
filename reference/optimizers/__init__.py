"""Optimizers as frozen values: ``init(parameters)`` and ``step(parameters, gradient, state)``.

Every `Optimizer` class in every module of this package is found and exported under its
name, which is Keras' name. A new optimizer is one class, in a file of its own or beside
its kin, and needs no registration.
"""

import importlib
import inspect
import pkgutil
from typing import TYPE_CHECKING

from reference.optimizers.base import Optimizer, OptimizerState, cast_like_keras

if TYPE_CHECKING:  # for type checkers and editors, which cannot follow the search below
    from reference.optimizers.adam import Adam as Adam
    from reference.optimizers.adam import AdamW as AdamW
    from reference.optimizers.rmsprop import RMSprop as RMSprop
    from reference.optimizers.sgd import SGD as SGD


def _found() -> dict[str, type[Optimizer]]:
    modules = (importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    return {
        name: thing
        for module in modules
        for name, thing in vars(module).items()
        if inspect.isclass(thing) and issubclass(thing, Optimizer) and thing is not Optimizer
    }


OPTIMIZERS = dict(sorted(_found().items()))
globals().update(OPTIMIZERS)

__all__ = ["OPTIMIZERS", "Optimizer", "OptimizerState", "cast_like_keras", *OPTIMIZERS]
