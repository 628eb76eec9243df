"""What a sweep's picture and table say: settings by name, labels with their meaning."""

import textwrap
from fractions import Fraction

import numpy as np

from compare.sweep.labels import LABELS
from compare.sweep.values import Sweep

__all__ = ["in_words", "setting_label", "there_is"]

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


def there_is(resolution: float) -> str:
    """What counts as being at a critical point.

    Examples
    --------
    >>> there_is(0.015625)[:46]
    '"At" a point: within 1/64 of it in v w, v b, d'
    """
    fraction = Fraction(resolution).limit_denominator(10_000)
    near = str(fraction) if float(fraction) == resolution else f"{resolution:g}"
    return (
        f'"At" a point: within {near} of it in v w, v b, d; dead: at most {near} of all inputs x ~ N(0, 1) '
        "activate it, and these do not bring it back."
    )


def in_words(sweep: Sweep, outcome: np.ndarray, width: int) -> list[str]:
    """The lines under a picture: what was trained, and what the labels mean."""
    e = sweep.experiment
    varied = {axis.setting for axis in sweep.grid} | {draw.setting for draw in sweep.draws}
    settings = [f"trains {', '.join(e.trainable)}", *(_fixed(sweep, varied))]
    lines = [f"{np.size(outcome):,} neurons; " + "; ".join(settings) + "."]
    lines += [f"{name.capitalize()}: {meaning}." for name, meaning in LABELS.items()]
    lines.append(there_is(sweep.resolution))
    return [part for line in lines for part in textwrap.wrap(line, width)]


def _fixed(sweep: Sweep, varied: set[str]) -> list[str]:
    """Settings that are the same for all."""
    e = sweep.experiment
    parts = []
    if "optimizer.name" not in varied:
        parts.append(type(e.optimizer).__name__)
        for name in ("learning_rate", "momentum"):
            value = getattr(e.optimizer, name, None)
            if f"optimizer.{name}" not in varied and value is not None and np.any(value):
                parts[-1] += f", {name.replace('_', ' ')} {value:g}"
    for name, text in (
        ("negative_slope", f"negative slope {e.negative_slope:g}"),
        ("batch_size", f"batches of {e.batch_size:,}"),
        ("steps", f"{e.steps:,} steps"),
    ):
        if name not in varied:
            parts.append(text)
    parts += [
        f"start {name} = {value:g}"
        for name, value in e.initial._asdict().items()
        if f"initial.{name}" not in varied and (name in e.trainable or value != {"b": 0, "v": 1, "d": 0}.get(name))
    ]
    parts += [f"{d.setting} {d.distribution}({d.first:g}, {d.second:g})" for d in sweep.draws]
    return [*parts, f"seed {e.seed}"] if "seed" not in varied else parts
