"""The quantities of a run by name: how many values each has, and what update rules call the optimizer's slots."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from reference import Optimizer

__all__ = ["is_of_batches", "number_of_values", "slot_names"]

_LETTERS = MappingProxyType({"momentum": "m", "velocity": "v", "velocity_hat": "v_hat", "average_gradient": "a"})


def number_of_values(quantity: str, steps: int) -> int:
    """How many values a quantity has in a run: one for each batch or step, or one for each state, which is one more."""
    return steps if quantity.partition(".")[0] in ("loss", "gradient", "step") else steps + 1


def is_of_batches(quantity: str) -> bool:
    """Whether a quantity is known from the batches only, and not from the states.

    Examples
    --------
    >>> [is_of_batches(quantity) for quantity in ("loss", "gradient.w", "step.w", "w")]
    [True, True, False, False]
    """
    return quantity.partition(".")[0] in ("loss", "gradient")


def slot_names(optimizer: Optimizer) -> Mapping[str, str]:
    """Names that an update rule may use for the optimizer's slots, with the slot each means.

    Its usual letter, if it has one, and its full name where no setting has that name.

    Examples
    --------
    >>> from reference import SGD, Adam
    >>> dict(slot_names(SGD(momentum=0.5)))
    {'m': 'momentum'}
    >>> dict(slot_names(Adam()))
    {'m': 'momentum', 'momentum': 'momentum', 'v': 'velocity', 'velocity': 'velocity'}
    """
    names: dict[str, str] = {}
    settings: dict[str, Any] = vars(optimizer)
    for slot in optimizer.slots:
        if slot in _LETTERS:
            names[_LETTERS[slot]] = slot
        if slot not in settings:
            names[slot] = slot
    return MappingProxyType(names)
