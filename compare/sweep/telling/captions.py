"""Texts of a sweep's picture and table: settings by name, labels with their meaning."""

import textwrap
from fractions import Fraction

import numpy as np

from compare.sweep.labels import LABELS
from compare.sweep.values import Sweep

__all__ = ["arrival_criterion", "caption_lines", "setting_label"]

_NAMES = {
    "negative_slope": "negative slope of the neuron",
    "batch_size": "batch size (samples)",
    "steps": "steps (updates):",
    "seed": "seed of the batches",
    "dtype": "arithmetic in",
    "optimizer.name": "optimizer:",
    "optimizer.learning_rate": "learning rate",
    "target.negative_slope": "negative slope of the target",
}


def setting_label(setting: str) -> str:
    """What an axis of a picture is called; nothing here has a unit but what is counted.

    Examples
    --------
    >>> setting_label("initial.w"), setting_label("optimizer.beta_1")
    ('start w', 'beta_1')
    """
    if setting in _NAMES:
        return _NAMES[setting]
    group, _, name = setting.rpartition(".")
    return {"initial": f"start {name}", "target": f"target's {name}"}.get(group, name)


def arrival_criterion(resolution: float) -> str:
    """What counts as being at a critical point.

    Examples
    --------
    >>> arrival_criterion(0.015625)[:46]
    '"At" a point: within 1/64 of it in v w, v b, d'
    """
    fraction = Fraction(resolution).limit_denominator(10_000)
    near = str(fraction) if float(fraction) == resolution else f"{resolution:g}"
    return (
        f'"At" a point: within {near} of it in v w, v b, d; dead: at most {near} of all inputs x ~ N(0, 1) '
        "activate it, and these do not bring it back."
    )


def caption_lines(sweep: Sweep, outcome: np.ndarray, width: int) -> list[str]:
    """The lines under a picture: what was trained, and what the labels mean."""
    settings = [f"trains {', '.join(sweep.experiment.trainable)}", *_fixed(sweep)]
    lines = [f"{np.size(outcome):,} neurons; " + "; ".join(settings) + "."]
    lines += [f"{name.capitalize()}: {meaning}." for name, meaning in LABELS.items()]
    lines.append(arrival_criterion(sweep.resolution))
    return [part for line in lines for part in textwrap.wrap(line, width)]


def _fixed(sweep: Sweep) -> list[str]:
    """Settings that are the same for all, and what is drawn."""
    experiment, optimizer = sweep.experiment, sweep.experiment.optimizer
    varied = {axis.setting for axis in sweep.grid} | {draw.setting for draw in sweep.draws}
    texts = {"optimizer.name": type(optimizer).__name__}
    for name in ("learning_rate", "momentum"):
        value = getattr(optimizer, name, None)
        if f"optimizer.{name}" not in varied and value is not None and np.any(value):
            texts["optimizer.name"] += f", {name.replace('_', ' ')} {value:g}"
    texts["negative_slope"] = f"negative slope {experiment.negative_slope:g}"
    texts["batch_size"] = f"batches of {experiment.batch_size:,}"
    texts["steps"] = f"{experiment.steps:,} steps"
    for name, value in experiment.initial._asdict().items():
        if name in experiment.trainable or value != {"b": 0, "v": 1, "d": 0}.get(name):
            texts[f"initial.{name}"] = f"start {name} = {value:g}"
    drawn = [f"{draw.setting} {draw.distribution}({draw.first:g}, {draw.second:g})" for draw in sweep.draws]
    seed = [] if "seed" in varied else [f"seed {experiment.seed}"]
    return [*(text for setting, text in texts.items() if setting not in varied), *drawn, *seed]
