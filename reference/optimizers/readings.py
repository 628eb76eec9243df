"""Readings: the same optimizers by the formulas of different systems, and how to go from one to another."""

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

import numpy as np

from reference.optimizers import optax, paper, pytorch
from reference.optimizers.adam import Adam, AdamW
from reference.optimizers.base import Optimizer
from reference.optimizers.rmsprop import RMSprop
from reference.optimizers.sgd import SGD

__all__ = ["READINGS", "translate"]

READINGS: dict[str, dict[str, type[Optimizer]]] = {
    "keras": {kind.__name__: kind for kind in (Adam, AdamW, RMSprop, SGD)},
    "pytorch": {name: getattr(pytorch, name) for name in pytorch.__all__},
    "optax": {name: getattr(optax, name) for name in optax.__all__},
    "paper": {name: getattr(paper, name) for name in paper.__all__},
}

# What a setting has to be in order to have no effect, where that is neither 0 nor False.
_NEUTRAL: Mapping[str, Any] = MappingProxyType({"eps_in_sqrt": True})


def translate(optimizer: Optimizer, kind: str) -> Optimizer:
    """Return the optimizer of the same name and settings by another system's formula.

    Settings are taken over by their names, whatever the systems' defaults are. What only the
    other one has gets the value that leaves its formula as it is by nature: no dampening, no
    weight decay beyond what AdamW is given, nothing inside the root. So two formulas are
    compared at equal settings.

    Parameters
    ----------
    optimizer : Optimizer
    kind : {"keras", "pytorch", "optax", "paper"}
        A key of `READINGS`.

    Returns
    -------
    Optimizer

    Raises
    ------
    ValueError
        If there is no such system, or it has no optimizer of this name, or lacks a setting
        that is in use.

    Examples
    --------
    >>> from reference import SGD
    >>> translate(SGD(learning_rate=0.5, momentum=0.25), "pytorch")
    SGD(learning_rate=0.5, momentum=0.25, dampening=0.0, weight_decay=0.0, nesterov=False)
    >>> translate(pytorch.SGD(momentum=0.5, dampening=0.25), "keras")
    Traceback (most recent call last):
    ValueError: keras.SGD has no setting dampening
    """
    if kind not in READINGS:
        raise ValueError(f"kind must be one of {tuple(READINGS)}, got {kind!r}")
    name = type(optimizer).__name__
    if name not in READINGS[kind]:
        raise ValueError(f"{kind} has no optimizer {name}")
    theirs = READINGS[kind][name]
    known = {setting.name: setting.type for setting in fields(theirs)}
    mine = {setting.name: getattr(optimizer, setting.name) for setting in fields(optimizer)}
    for setting, value in mine.items():
        if setting not in known and np.any(value != _NEUTRAL.get(setting, 0)):
            raise ValueError(f"{kind}.{name} has no setting {setting}")
    settings = {
        setting: mine[setting] if setting in mine else _NEUTRAL.get(setting, False if known[setting] is bool else 0.0)
        for setting in known
    }
    return theirs(**settings)
