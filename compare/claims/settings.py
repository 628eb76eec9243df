"""Experiments as claims speak of them: settings by name, and experiments with some of them changed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from reference import OPTIMIZERS, Experiment, Optimizer, Parameters

__all__ = ["changed", "has_no_bias", "optimizer_numbers", "setting_of", "settings_from", "variable_settings"]

_STARTS = tuple(f"initial.{name}" for name in Parameters._fields)


def settings_from(table: Mapping[str, Any], base: Experiment) -> dict[str, Any]:
    """The fields of Experiment that a claim file's table gives, as values; parts left out are those of `base`.

    Examples
    --------
    >>> settings_from({"initial": {"b": 2}, "optimizer": {"name": "SGD", "momentum": 0.5}}, Experiment())["optimizer"]
    SGD(learning_rate=0.01, momentum=0.5, nesterov=False)
    """
    settings = dict(table)
    for name in {"initial", "target"} & settings.keys():
        numbers = {inner: float(number) for inner, number in table[name].items()}
        settings[name] = getattr(base, name)._replace(**numbers)
    if "trainable" in settings:
        settings["trainable"] = tuple(settings["trainable"])
    if "optimizer" in settings:
        given = dict(settings["optimizer"])
        settings["optimizer"] = OPTIMIZERS[given.pop("name")](**given)
    return settings


def has_no_bias(experiment: Experiment) -> bool:
    """Whether only w is trained, and neither the neuron, from any of its starts, nor its teacher has a bias.

    Examples
    --------
    >>> has_no_bias(Experiment()), has_no_bias(Experiment(trainable=("w", "b")))
    (True, False)
    """
    start = experiment.initial
    biased = np.any(start.b) or np.any(start.d) or experiment.target.b != 0
    return experiment.trainable == ("w",) and not biased


def optimizer_numbers(optimizer: Optimizer) -> dict[str, float]:
    """The settings of an optimizer that are numbers.

    Examples
    --------
    >>> optimizer_numbers(OPTIMIZERS["SGD"]())
    {'learning_rate': 0.01, 'momentum': 0.0}
    """
    return {name: value for name, value in vars(optimizer).items() if isinstance(value, float)}


def variable_settings(experiment: Experiment) -> list[str]:
    """Names of the settings along which a claim about an experiment can be varied.

    Examples
    --------
    >>> variable_settings(Experiment())[-4:]
    ['negative_slope', 'batch_size', 'learning_rate', 'momentum']
    """
    return [*_STARTS, "negative_slope", "batch_size", *optimizer_numbers(experiment.optimizer)]


def setting_of(experiment: Experiment, name: str) -> float:
    """Value of one of the `variable_settings`.

    Examples
    --------
    >>> setting_of(Experiment(), "initial.w"), setting_of(Experiment(), "learning_rate")
    (-10.0, 0.01)
    """
    if name in _STARTS:
        return float(getattr(experiment.initial, name.removeprefix("initial.")))
    if name in ("negative_slope", "batch_size"):
        return float(getattr(experiment, name))
    return float(getattr(experiment.optimizer, name))


def changed(experiment: Experiment, name: str, value: float) -> Experiment:
    """Return an experiment with one of its `variable_settings` changed.

    Raises
    ------
    ValueError, TypeError
        If the value is not allowed there.

    Examples
    --------
    >>> changed(Experiment(), "momentum", 0.5).optimizer.momentum
    0.5
    """
    if name in _STARTS:
        initial = experiment.initial._replace(**{name.removeprefix("initial."): value})
        return replace(experiment, initial=initial)
    if name == "batch_size":
        if value != int(value):
            raise ValueError("batch_size must be an integer of at least 1")
        return replace(experiment, batch_size=int(value))
    if name == "negative_slope":
        return replace(experiment, negative_slope=value)
    return replace(experiment, optimizer=replace(experiment.optimizer, **{name: value}))
