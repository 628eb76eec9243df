"""Settings by name: which there are, and experiments with some of them changed."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from reference import OPTIMIZERS, Experiment, Optimizer, Parameters, Target

__all__ = ["INTEGERS", "changed", "setting_names"]

INTEGERS = ("batch_size", "steps", "seed")


def setting_names(kinds: tuple[type[Optimizer], ...]) -> list[str]:
    """Every setting that an experiment with one of these optimizers has.

    Examples
    --------
    >>> from reference import SGD
    >>> setting_names((SGD,))[-4:]
    ['optimizer.name', 'optimizer.learning_rate', 'optimizer.momentum', 'optimizer.nesterov']
    """
    own = dict.fromkeys(f"optimizer.{field.name}" for kind in kinds for field in fields(kind))
    starts = [f"initial.{name}" for name in Parameters._fields]
    teacher = [f"target.{name}" for name in Target._fields]
    return [*starts, "negative_slope", *INTEGERS, "dtype", *teacher, "optimizer.name", *own]


def changed(experiment: Experiment, settings: Mapping[str, Any]) -> Experiment:
    """Return an experiment with some settings changed; an optimizer that is named has its own defaults.

    Names are as in `setting_names`; values may be arrays where `Experiment` takes them,
    which also says what is wrong with them.

    Examples
    --------
    >>> one = changed(Experiment(), {"initial.w": 2.0, "optimizer.name": "Adam", "steps": 5})
    >>> one.initial.w, one.optimizer.learning_rate, one.steps
    (2.0, 0.001, 5)
    """
    groups: dict[str, dict[str, Any]] = {"": {}, "initial": {}, "target": {}, "optimizer": {}}
    for setting, value in settings.items():
        group, _, name = setting.rpartition(".")
        groups[group][name] = value
    kind = groups["optimizer"].pop("name", None)
    optimizer = experiment.optimizer if kind is None else OPTIMIZERS[kind]()
    return replace(
        experiment,
        initial=experiment.initial._replace(**groups["initial"]),
        target=experiment.target._replace(**groups["target"]),
        optimizer=replace(optimizer, **groups["optimizer"]),
        **groups[""],
    )
