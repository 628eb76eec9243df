"""From an optimizer of the reference to a system's own: by the name of its class and of its settings."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from reference import Optimizer

__all__ = ["settings_for"]

# What a setting is where there is none; the others are then 0.
NEUTRAL = {"nesterov": False, "amsgrad": False, "centered": False, "bias_correction": False, "eps_in_sqrt": True}


def settings_for(optimizer: Optimizer, system: str, known: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """The settings that a system's optimizer of the same name takes, whichever system's formula the optimizer is.

    Parameters
    ----------
    optimizer : Optimizer
        Of a single neuron.
    system : str
        What it is called in messages.
    known : mapping of str to tuple of str
        The settings that the system has, by the name of the class; named as in the reference.

    Returns
    -------
    dict of str to float or bool
        One entry for each setting of the system. One that the optimizer lacks has no effect.

    Raises
    ------
    ValueError
        In one line, if the system has no such optimizer, or not a setting that is used.

    Examples
    --------
    >>> from reference import SGD
    >>> known = {"SGD": ("learning_rate", "momentum", "dampening")}
    >>> settings_for(SGD(momentum=0.5), "PyTorch", known)
    {'learning_rate': 0.01, 'momentum': 0.5, 'dampening': 0.0}
    >>> settings_for(SGD(nesterov=True), "Ours", known)
    Traceback (most recent call last):
    ValueError: SGD of Ours has no setting nesterov, got True
    """
    kind = type(optimizer).__name__
    if kind not in known:
        raise ValueError(f"{system} has no optimizer {kind} here, only {', '.join(sorted(known))}")
    given = {field.name: getattr(optimizer, field.name) for field in fields(optimizer)}
    for name, value in given.items():
        if name not in known[kind] and value != NEUTRAL.get(name, 0.0):
            raise ValueError(f"{kind} of {system} has no setting {name}, got {value!r}")
    return {name: _plain(given.get(name, NEUTRAL.get(name, 0.0))) for name in known[kind]}


def _plain(value: Any) -> float | bool:
    """A Python number, of what may be an array of shape ()."""
    return value if isinstance(value, bool) else float(value)
