"""Experiments from tables, and experiments with one setting changed."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

from compare.claims.reading.structure import Mistake, nearest
from reference import OPTIMIZERS, Experiment, Parameters

__all__ = ["build_experiment", "changed", "setting_of", "unknown_setting", "variable_settings"]

# Arguments of every optimizer of Keras; AdamW has the first here too.
KERAS_ONLY = frozenset(
    {"weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum"}
    | {"ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps", "jit_compile"}
)
_STARTS = tuple(f"initial.{name}" for name in Parameters._fields)


def build_experiment(table: Mapping[str, Any], base: Experiment, key: str) -> tuple[Experiment | None, list[Mistake]]:
    """The experiment of a table that fits the schema's "experiment" and stands at `key`; None if there are mistakes.

    What the table leaves out is as in `base`; an optimizer that is named is a new one.
    """
    settings = dict(table)
    mistakes: list[Mistake] = []
    for name in {"initial", "target"} & settings.keys():
        numbers = {inner: float(number) for inner, number in table[name].items()}
        settings[name] = getattr(base, name)._replace(**numbers)
    if "trainable" in settings:
        settings["trainable"] = tuple(settings["trainable"])
    if "optimizer" in settings:
        settings["optimizer"], mistakes = _build_optimizer(settings["optimizer"], f"{key}.optimizer")
    build = partial(Experiment, dtype=settings.get("dtype", base.dtype))
    for name, value in settings.items():
        if value is not None:  # as an optimizer with mistakes is
            mistakes += _refusal(build, name, value, Mistake(f"{key}.{name}", table[name], ""))
    return (None, mistakes) if mistakes else (replace(base, **settings), [])


def _build_optimizer(table: Mapping[str, Any], key: str) -> tuple[Any, list[Mistake]]:
    name = table["name"]
    if name not in OPTIMIZERS:
        return None, [Mistake(f"{key}.name", name, "unknown optimizer; " + nearest(name, OPTIMIZERS))]
    kind = OPTIMIZERS[name]
    known = [field.name for field in fields(kind)]
    settings = {setting: value for setting, value in table.items() if setting != "name"}
    mistakes = []
    for setting, value in settings.items():
        mistake = Mistake(f"{key}.{setting}", value, unknown_setting(setting, name, known))
        mistakes += _refusal(kind, setting, value, mistake) if setting in known else [mistake]
    return (None, mistakes) if mistakes else (kind(**settings), [])


def _refusal(build: Callable[..., Any], name: str, value: Any, mistake: Mistake) -> list[Mistake]:
    """The mistake with the "must be ..." of an error, if a setting is refused; it says name and value itself."""
    try:
        build(**{name: value})
    except (ValueError, TypeError) as error:
        text = " ".join(str(error).split())
        found = re.search(r"must .*?(?=, got |$)", text)
        return [mistake._replace(allowed=found.group(0) if found else text)]
    return []


def unknown_setting(setting: str, optimizer: str, known: Sequence[str]) -> str:
    """What to say about a setting that an optimizer does not have here, though perhaps in Keras.

    Examples
    --------
    >>> unknown_setting("clipnorm", "SGD", ["momentum"])
    'is an argument of Keras that is not supported here; allowed for SGD: "momentum"'
    >>> unknown_setting("momentun", "SGD", ["momentum"])
    'unknown setting of SGD; did you mean "momentum"? allowed: "momentum"'
    """
    if setting in KERAS_ONLY:
        listed = ", ".join(f'"{name}"' for name in known)
        return f"is an argument of Keras that is not supported here; allowed for {optimizer}: {listed}"
    return f"unknown setting of {optimizer}; {nearest(setting, known)}"


def variable_settings(experiment: Experiment) -> list[str]:
    """Names of the settings along which a claim about an experiment can be varied.

    Examples
    --------
    >>> variable_settings(Experiment())[-4:]
    ['negative_slope', 'batch_size', 'learning_rate', 'momentum']
    """
    numbers = [f.name for f in fields(experiment.optimizer) if isinstance(getattr(experiment.optimizer, f.name), float)]
    return [*_STARTS, "negative_slope", "batch_size", *numbers]


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
